// What a tenant may spend and use, as a budget counts it, and the marks on the way there. Counted in billionths of a
// dollar, rounded up: a store that compares doubles is exact up to nine million dollars a period, and errs by less than a
// billionth a turn, to the strict side. The ledger bills; a budget only stops.
import { billionthsUp, parseAmount, percentOf, ZERO, type AmountPico } from '@trunkline/kernel';
import type { SpendPeriod } from './periods.js';

/** A tenant's limits over all its sessions. Null: none. */
export interface BudgetLimits {
  readonly dayMax: AmountPico | null;
  readonly monthMax: AmountPico | null;
  /** Tokens of settled turns in any 60 seconds. */
  readonly tokensPerMinuteMax: number | null;
}

/** How much of a limit is used when it is told, in percent. */
export const THRESHOLDS = [50, 80, 100] as const;
export type Threshold = (typeof THRESHOLDS)[number];

/** A limit was used so far for the first time in its period. */
export interface ThresholdCrossing {
  readonly period: SpendPeriod;
  readonly percent: Threshold;
}

/** What to count on for the first turn of a tenant of whom no turn is known: about ten seconds of speech each way. */
export const FIRST_TURN_ESTIMATE: AmountPico = parseAmount('0.02') ?? ZERO;
export const FIRST_TURN_ESTIMATE_BILLIONTHS = billionthsUp(FIRST_TURN_ESTIMATE);

/** What a transcription without a price counts as: twenty seconds at the dearest list price of a minute, 0.006 USD. */
export const UNPRICED_TRANSCRIPTION: AmountPico = parseAmount('0.002') ?? ZERO;

/** Where a limit's thresholds lie, in billionths, in the order of `THRESHOLDS`; the last is the limit. */
export type Marks = readonly [bigint, bigint, bigint];

/** The marks of a limit. */
export function marksOf(max: AmountPico | null): Marks | null {
  if (max === null) return null;
  const limit = billionthsUp(max);
  const [half, most, all] = THRESHOLDS;
  return [percentOf(limit, half), percentOf(limit, most), percentOf(limit, all)];
}

/** Whether anything here needs counting at all. */
export function isLimited({ dayMax, monthMax, tokensPerMinuteMax }: BudgetLimits): boolean {
  return dayMax !== null || monthMax !== null || tokensPerMinuteMax !== null;
}

/** The thresholds of a limit that lie above what was spent before and not above what is spent now. */
export function crossedMarks(max: AmountPico | null, before: AmountPico, now: AmountPico): readonly Threshold[] {
  const marks = marksOf(max);
  if (marks === null) return [];
  const [from, to] = [billionthsUp(before), billionthsUp(now)];
  return THRESHOLDS.filter((_, i) => {
    const mark = marks[i];
    return mark !== undefined && mark > from && mark <= to;
  });
}
