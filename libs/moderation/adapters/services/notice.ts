// Tells a service of the tenant's own that something was found: signed, without content, with the finding's id as that of the
// message, so that one that comes twice is known. Anything but a 2xx is a failure; the caller tries again.
import { OutboundRefused } from '@trunkline/platform/outbound';
import { signedHeaders, webhookKey } from './signed-message.js';
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

const ANSWER_BYTES_MAX = 65_536;

/** Sends a notice. @returns null when it was taken; else why not, without a word of what was answered. */
export async function sendNotice(
  notice: Notice,
  { url, secret, poster, nowMs, signal }: NoticeSender,
): Promise<string | null> {
  const body = JSON.stringify(messageOf(notice));
  const headers = signedHeaders(webhookKey(secret), { id: `msg_${notice.findingId}`, atMs: nowMs(), body });
  try {
    const { status } = await poster.post({ url: new URL(url), headers, body, bytesMax: ANSWER_BYTES_MAX, signal });
    return status >= 200 && status <= 299 ? null : `answered ${status}`;
  } catch (error) {
    if (error instanceof OutboundRefused) return error.message;
    return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'no answer';
  }
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
