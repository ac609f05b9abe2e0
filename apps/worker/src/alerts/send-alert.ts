// A message by whatever way its channel goes.
import { openedChannel, type ChannelSeal } from '@trunkline/alerting/adapters/prisma';
import { sendWeb, type MailSender, type SendOutcome, type WebSender } from '@trunkline/alerting/adapters/send';
import type { ChannelDelivery } from './deliver-alerts.js';

/** What messages go out by. */
export interface AlertWays {
  readonly poster: WebSender['poster'];
  /** Null: no mail server is set. */
  readonly mail: MailSender | null;
  /** Opens what channels keep. */
  readonly open: ChannelSeal['open'];
  /** Unix milliseconds. */
  readonly nowMs: () => number;
}

const NO_MAIL: SendOutcome = {
  kind: 'failed',
  problem: 'no mail server is set: TRUNKLINE_SMTP_URL and TRUNKLINE_SMTP_FROM of the worker',
  final: false,
};
const UNOPENED: SendOutcome = {
  kind: 'failed',
  problem:
    'what the channel keeps cannot be opened here: set TRUNKLINE_KEY_PEPPER to that of the installation, or make it anew',
  final: false,
};

/** The sender of an installation. */
export function alertSender({ poster, mail, open, nowMs }: AlertWays) {
  return async ({ id, message, channel }: ChannelDelivery, signal: AbortSignal): Promise<SendOutcome> => {
    if (channel.kind === 'email') return mail === null ? NO_MAIL : mail({ id, message, to: channel.target }, signal);
    const kept = openedChannel({ open }, channel);
    return kept === null ? UNOPENED : sendWeb({ id, message, ...kept }, { poster, nowMs, signal });
  };
}
