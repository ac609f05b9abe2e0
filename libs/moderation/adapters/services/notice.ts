// Tells a service of the tenant's own that something was found: signed, without content, with the finding's id as that of the
// message, so that one that comes twice is known. Anything but a 2xx is a failure; the caller tries again.
import { signedHeaders, unsentReason, webhookKey } from '@trunkline/platform/outbound';
import type { WebhookPoster } from './webhook.js';

/** What is told. */
export interface Notice {
  readonly findingId: string;
  readonly tenantId: string;
  readonly sessionId: string;
  readonly keyId: string;
  readonly endUser: string | null;
  readonly reviewItemId: string | null;
  readonly hook: string;
  readonly action: string;
  readonly contentKind: string;
  readonly categories: readonly { readonly category: string; readonly score: number }[];
  readonly occurredAt: Date;
}

/** How it is sent. */
export interface NoticeSender {
  readonly url: string;
  /** As it was given (`whsec_...`). */
  readonly secret: string;
  readonly poster: WebhookPoster;
  /** Unix milliseconds. */
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
}

/**
 * What became of a notice. `refused`: the service is there and does not take this one, `failed`: none would have got through.
 * Why is said without a word of what was answered.
 */
export type NoticeOutcome =
  | { readonly kind: 'told' }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'failed'; readonly why: string };

const ANSWER_BYTES_MAX = 65_536;
// Of the answers that blame the message, those that ask for patience.
const LATER = new Set([408, 425, 429]);

/** Sends a notice. */
export async function sendNotice(
  notice: Notice,
  { url, secret, poster, nowMs, signal }: NoticeSender,
): Promise<NoticeOutcome> {
  const body = JSON.stringify(messageOf(notice));
  try {
    const headers = signedHeaders(webhookKey(secret), { id: `msg_${notice.findingId}`, atMs: nowMs(), body });
    const { status } = await poster.post({ url: new URL(url), headers, body, bytesMax: ANSWER_BYTES_MAX, signal });
    return outcomeOf(status);
  } catch (error) {
    return { kind: 'failed', why: unsentReason(error) };
  }
}

function outcomeOf(status: number): NoticeOutcome {
  if (status >= 200 && status <= 299) return { kind: 'told' };
  const isRefused = status >= 400 && status <= 499 && !LATER.has(status);
  return { kind: isRefused ? 'refused' : 'failed', why: `answered ${status}` };
}

function messageOf(notice: Notice): object {
  return {
    type: 'moderation.finding',
    timestamp: notice.occurredAt.toISOString(),
    data: {
      finding_id: notice.findingId,
      tenant_id: notice.tenantId,
      session_id: notice.sessionId,
      key_id: notice.keyId,
      end_user: notice.endUser,
      review_item_id: notice.reviewItemId,
      hook: notice.hook,
      action: notice.action,
      kind: notice.contentKind,
      categories: notice.categories,
    },
  };
}
