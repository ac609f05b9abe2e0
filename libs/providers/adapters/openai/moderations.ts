// OpenAI's moderation endpoint: the question for a piece of content, and what an answer says. Pure: who sends it is for
// whoever composes this. A moderation that cannot be read must not pass for one that
// found nothing, so whatever does not fit is no answer.
import type { CategoryScore, ClassifyRequest } from '@trunkline/moderation';
import type { UsageReport } from '@trunkline/metering';
import type { OpenAiAccount } from './dial.js';
import { asList, asObject, parseObject, textOrNull } from './json.js';

/** A request over HTTP. */
export interface ModerationQuestion {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An answer. */
export interface ModerationAnswer {
  readonly id: string;
  /** As the vendor names it in its answer. */
  readonly model: string;
  readonly scores: readonly CategoryScore[];
}

/** The question, to this account; null when accounts of its vendor are not served (Azure has no such endpoint). */
export function moderationQuestion(
  account: OpenAiAccount,
  { model, content }: Pick<ClassifyRequest, 'model' | 'content'>,
): ModerationQuestion | null {
  if (account.vendor === 'azure') return null;
  const { kind, text } = content;
  const input = [kind === 'image' ? { type: 'image_url', image_url: { url: text } } : { type: 'text', text }];
  return {
    url: `${account.baseUrl.replace(/\/+$/, '')}/moderations`,
    headers: {
      authorization: `Bearer ${account.apiKey}`,
      'content-type': 'application/json',
      'user-agent': 'Trunkline',
    },
    body: JSON.stringify({ model, input }),
  };
}

/** Reads an answer; null when it is none. */
export function readModeration(payload: Buffer): ModerationAnswer | null {
  const answer = parseObject(payload);
  const [id, model] = [textOrNull(answer?.['id']), textOrNull(answer?.['model'])];
  const [result, ...more] = asList(answer?.['results']).map(asObject);
  if (id === null || model === null || !result || more.length > 0) return null;
  const [categories, scores] = [asObject(result['categories']), asObject(result['category_scores'])];
  if (categories === null || scores === null) return null;
  const read = Object.entries(scores).map(([category, score]) => scoreOf(category, score, categories[category]));
  const known = read.filter((each) => each !== null);
  return known.length === read.length && known.length > 0 && isFlaggedSomewhere(result['flagged'], known)
    ? { id, model, scores: known }
    : null;
}

/** What a moderation costs, as usage: a call, at a price that may be zero. */
export function moderationUsage({ id, model }: Pick<ModerationAnswer, 'id' | 'model'>): UsageReport {
  return {
    kind: 'call',
    vendorObjectId: id,
    model,
    status: 'completed',
    quantities: [{ meter: 'tool_calls', quantityMicro: 1_000_000n }],
    vendorUsage: null,
    problem: null,
    causedBy: 'policy',
  };
}

// Null for a category that the model does not judge (the older ones have fewer); a score is never that.
function scoreOf(category: string, score: unknown, flagged: unknown): CategoryScore | null {
  if (typeof score !== 'number' || !(score >= 0 && score <= 1)) return null;
  if (typeof flagged !== 'boolean' && flagged !== null && flagged !== undefined) return null;
  return { category, score, flagged: flagged === true };
}

// The answer's own sum must fit: one that says "flagged" and names nothing is not understood.
function isFlaggedSomewhere(flagged: unknown, scores: readonly CategoryScore[]): boolean {
  return typeof flagged === 'boolean' && (!flagged || scores.some((each) => each.flagged));
}
