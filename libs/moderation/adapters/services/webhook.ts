// Asks a service of the tenant's own. What is sent is signed as Standard Webhooks describe it (standardwebhooks.com), so
// that ready-made libraries check it; what comes back is read strictly: anything else than a verdict is a failure. Where
// requests may go is the poster's to guard.
import {
  ACTIONS,
  CONTENT_KINDS,
  directionOf,
  isContentKind,
  type Content,
  type ContentKind,
  type HookContext,
  HookFailed,
  type ModerationHook,
  type Verdict,
} from '@trunkline/moderation';
import { signedHeaders, unsentReason, webhookKey } from '@trunkline/platform/outbound';
import { z } from 'zod';

/** Sends a request somewhere that a tenant chose. */
export interface WebhookPoster {
  post(request: {
    readonly url: URL;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
    readonly bytesMax: number;
    readonly signal: AbortSignal;
  }): Promise<{ readonly status: number; readonly body: Buffer }>;
}

/** What a webhook hook is made of. */
export interface WebhookOptions {
  readonly url: string;
  /** `whsec_` and the key in base64. */
  readonly secret: string;
  readonly cadence: 'sentence' | 'complete';
  /** Pictures are megabytes: only where the policy names them. */
  readonly withImages: boolean;
  readonly poster: WebhookPoster;
  /** Unix milliseconds. */
  readonly nowMs: () => number;
  /** Random, for the id of a question. */
  readonly mintId: () => string;
}

const ANSWER_BYTES_MAX = 65_536;
// A hundred questions may be open at once, and each is held until it is answered.
const TEXT_LENGTH_MAX = 4 * 1024 * 1024;
/** What precedes the newest sentence, for its meaning. */
const LOOK_BACK = 500;
const CATEGORY = /^[A-Za-z0-9][A-Za-z0-9_./-]{0,99}$/;

const category = z.string().regex(CATEGORY);
const answerSchema = z.strictObject({
  verdict: z.enum(ACTIONS),
  /** Scores. */
  categories: z.record(category, z.number().min(0).max(1)).default({}),
  spans: z
    .array(z.strictObject({ start: z.int().min(0), end: z.int().min(1), category: category.default('webhook') }))
    .max(1_000)
    .default([]),
});

/** @throws RangeError when the secret is none. */
export function webhookHook(options: WebhookOptions): ModerationHook {
  const key = webhookKey(options.secret);
  const kinds = Object.keys(CONTENT_KINDS).filter(isContentKind);
  return {
    kinds: options.withImages ? kinds : kinds.filter((kind) => kind !== 'image'),
    lookBack: LOOK_BACK,
    cadence: options.cadence,
    inspect: async (content, context, signal) => {
      if (content.text.length > TEXT_LENGTH_MAX)
        throw new HookFailed(`what is to be judged is longer than ${TEXT_LENGTH_MAX} characters`);
      const body = JSON.stringify(question(content, context, options.nowMs()));
      const headers = signedHeaders(key, { id: `msg_${options.mintId()}`, atMs: options.nowMs(), body });
      const request = { url: new URL(options.url), headers, body, bytesMax: ANSWER_BYTES_MAX, signal };
      const { status, body: answer } = await options.poster.post(request).catch((cause: unknown) => {
        throw new HookFailed(`the webhook could not be asked: ${unsentReason(cause)}`, { cause });
      });
      if (status < 200 || status > 299) throw new HookFailed(`the webhook answered ${status}`);
      return readVerdict(answer, content.text.length);
    },
  };
}

function question({ kind, streamId, text, startsAt, complete }: Content, context: HookContext, atMs: number): object {
  return {
    type: 'moderation.judge',
    timestamp: new Date(atMs).toISOString(),
    data: {
      tenant_id: context.tenantId,
      session_id: context.sessionId,
      kind: kind satisfies ContentKind,
      direction: directionOf(kind),
      stream_id: streamId,
      text,
      starts_at: startsAt,
      complete,
    },
  };
}

// Nothing of an answer goes into an error: it may hold what was asked about.
function readVerdict(answer: Buffer, textLength: number): Verdict {
  const read = answerSchema.safeParse(parsed(answer));
  if (!read.success) throw new HookFailed('the webhook did not answer with a verdict');
  const { verdict, categories, spans } = read.data;
  if (spans.some(({ start, end }) => start >= end || end > textLength))
    throw new HookFailed('the webhook found something outside of the text');
  if (verdict === 'redact' && spans.length === 0)
    throw new HookFailed('the webhook would redact and does not say what');
  return {
    action: verdict,
    findings: [
      ...spans.map(({ start, end, category: of }) => ({
        category: of,
        score: categories[of] ?? 1,
        span: { start, end },
      })),
      ...Object.entries(categories)
        .filter(([name]) => !spans.some((span) => span.category === name))
        .map(([name, score]) => ({ category: name, score, span: null })),
    ],
  };
}

function parsed(answer: Buffer): unknown {
  try {
    return JSON.parse(answer.toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
