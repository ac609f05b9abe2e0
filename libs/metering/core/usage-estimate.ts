// What stands in for a report that never came: our own count of what went by, always labelled with how it was made and how
// far to trust it. The dialect counts (it knows the vendor's rates), this file names and judges; pure, so that a gateway
// that saw the end and a worker that finds a dead gateway's records make the same estimate of the same facts.
import { z } from 'zod';
import type { Quantity } from './quantity.js';

/**
 * How an estimate was made:
 * - `seen_output_and_previous_context`: input as the last report of the session said it plus what came since, output as
 *   it went by;
 * - `seen_output_and_seen_context`: the same before any report, all input as it went by;
 * - `heard_audio`: a transcription, by the length of the audio that was committed.
 */
export const ESTIMATE_METHODS = [
  'seen_output_and_previous_context',
  'seen_output_and_seen_context',
  'heard_audio',
] as const;
export type EstimateMethod = (typeof ESTIMATE_METHODS)[number];

/**
 * What an estimate may be wrong about:
 * - `no_report_yet`: nothing of this session was reported before, so instructions and tools are counted by their text;
 * - `audio_by_bytes`: how long the caller spoke was computed from all that it sent;
 * - `transcript_unseen`: how much was said is guessed from how long it took;
 * - `seen_in_part`: the gateway died; what came after its last mark was not counted;
 * - `context_edited`: items were deleted or truncated since the last report;
 * - `out_of_band`: the response had an input of its own;
 * - `parallel_responses`: several responses ran at once and cannot be told apart;
 * - `item_unread`: an item was too large to be read or holds audio of unknown length.
 */
export const ESTIMATE_DOUBTS = [
  'no_report_yet',
  'audio_by_bytes',
  'transcript_unseen',
  'seen_in_part',
  'context_edited',
  'out_of_band',
  'parallel_responses',
  'item_unread',
] as const;
export type EstimateDoubt = (typeof ESTIMATE_DOUBTS)[number];

/** How far an estimate can be trusted. */
export type EstimateConfidence = 'high' | 'medium' | 'low';

/** Whether the tenant pays for it: its policy when the turn began. The vendor's cost is booked either way. */
export type EstimateBilling = 'bill' | 'do_not_bill';

/** What was seen of a use that the vendor has not reported (yet). */
export interface SeenUsage {
  /** What the report would say, as far as it can be known. Disjoint meters, whole tokens. */
  readonly quantities: readonly Quantity[];
  readonly method: EstimateMethod;
  readonly doubts: readonly EstimateDoubt[];
  /** What the quantities were computed from (milliseconds, counts), for whoever checks them. */
  readonly facts: Readonly<Record<string, number>>;
}

/** The label of an estimated event. */
export interface UsageEstimate extends Omit<SeenUsage, 'quantities'> {
  readonly confidence: EstimateConfidence;
  readonly billing: EstimateBilling;
}

/** Labels what was seen. @param further doubts that arose after it was written down. */
export function estimateOf(
  { method, doubts, facts }: SeenUsage,
  billing: EstimateBilling,
  further: readonly EstimateDoubt[] = [],
): UsageEstimate {
  const all = ESTIMATE_DOUBTS.filter((doubt) => doubts.includes(doubt) || further.includes(doubt));
  return { method, confidence: confidenceOf(all), doubts: all, facts, billing };
}

// These leave the order of magnitude alone; each of the others can put a number far off.
const MILD: readonly EstimateDoubt[] = ['no_report_yet', 'audio_by_bytes', 'transcript_unseen', 'seen_in_part'];

/** `high` without a doubt, `low` with a grave one, `medium` otherwise. */
export function confidenceOf(doubts: readonly EstimateDoubt[]): EstimateConfidence {
  if (doubts.length === 0) return 'high';
  return doubts.every((doubt) => MILD.includes(doubt)) ? 'medium' : 'low';
}

// A record must stay small; the dialect names about a dozen facts.
const FACTS_MAX = 32;

export const estimateBillingSchema = z.enum(['bill', 'do_not_bill']);
export const seenFields = {
  method: z.enum(ESTIMATE_METHODS),
  doubts: z.array(z.enum(ESTIMATE_DOUBTS)),
  facts: z
    .record(z.string(), z.number())
    .refine((facts) => Object.keys(facts).length <= FACTS_MAX, { message: 'too many facts' }),
};

/** The label as it is stored. */
export const usageEstimateSchema = z.object({
  ...seenFields,
  confidence: z.enum(['high', 'medium', 'low']),
  billing: estimateBillingSchema,
});
