// A message by whatever way its channel goes.
import { openedChannel, type ChannelSeal } from '@trunkline/alerting/adapters/prisma';
import { sendWeb, type SendOutcome, type WebSender } from '@trunkline/alerting/adapters/send';
import type { ChannelDelivery } from './deliver-alerts.js';

/** What messages go out by. */
export interface AlertWays {
  readonly poster: WebSender['poster'];
  /** Opens what channels keep. */
  readonly open: ChannelSeal['open'];
  /** Unix milliseconds. */
  readonly nowMs: () => number;
}

const UNOPENED =
  'what the channel keeps cannot be opened here: set TRUNKLINE_KEY_PEPPER to that of the installation, or make it anew';

/** The sender of an installation. */
export function alertSender({ poster, open, nowMs }: AlertWays) {
  return async ({ id, message, channel }: ChannelDelivery, signal: AbortSignal): Promise<SendOutcome> => {
    const kept = openedChannel({ open }, channel);
    if (kept === null) return { kind: 'failed', problem: UNOPENED, final: false };
    return sendWeb({ id, message, ...kept }, { poster, nowMs, signal });
  };
}
