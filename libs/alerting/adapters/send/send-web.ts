// An alert to an address of the web: signed as Standard Webhooks describe it, or in the form that chats take. Where requests may go
// is the poster's to guard, as for moderation's webhooks.
import {
  signedHeaders,
  unsentReason,
  webhookKey,
  type OutboundAnswer,
  type OutboundPost,
} from '@trunkline/platform/outbound';
import { slackBody, type AlertMessage } from '../../index.js';
import type { SendOutcome } from './send-outcome.js';

/** What is sent, and where to. */
export interface WebMessage {
  /** What receivers know a repeated message by. */
  readonly id: string;
  readonly message: AlertMessage;
  readonly url: string;
  /** As it was given (`whsec_...`); null: a chat, which checks no signatures. */
  readonly secret: string | null;
}

/** How it is sent. */
export interface WebSender {
  readonly poster: { post(post: OutboundPost): Promise<OutboundAnswer> };
  /** Unix milliseconds. */
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
}

const ANSWER_BYTES_MAX = 65_536;
// The receiver says that nobody is there for good.
const GONE = 410;

/** Sends it. Anything but a 2xx is a failure. */
export async function sendWeb(
  { id, message, url, secret }: WebMessage,
  { poster, nowMs, signal }: WebSender,
): Promise<SendOutcome> {
  const body = JSON.stringify(secret === null ? slackBody(message) : webhookBody(message));
  try {
    const headers =
      secret === null
        ? { 'content-type': 'application/json', 'user-agent': 'Trunkline' }
        : signedHeaders(webhookKey(secret), { id, atMs: nowMs(), body });
    const { status } = await poster.post({ url: new URL(url), headers, body, bytesMax: ANSWER_BYTES_MAX, signal });
    if (status >= 200 && status <= 299) return { kind: 'sent' };
    return { kind: 'failed', problem: `answered ${status}`, final: status === GONE };
  } catch (error) {
    return { kind: 'failed', problem: unsentReason(error), final: false };
  }
}

function webhookBody({ event, at, ...message }: AlertMessage): object {
  return {
    type: `alert.${event}`,
    timestamp: at,
    data: {
      ...{ alert_id: message.alertId, rule: message.rule, kind: message.kind, severity: message.severity },
      ...{ tenant_id: message.tenantId, subject: message.subject, detail: message.detail },
      ...{ value: message.value, threshold: message.threshold, unit: message.unit, fired_at: message.firedAt },
    },
  };
}
