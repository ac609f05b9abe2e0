// Takes the difference of one meter on one day apart by cause. Guarantees that the parts sum to the whole, and that nothing
// is explained by more than there is evidence for: what is left is foreign use, or missing upstream.
import type { DifferenceClass } from './day-books.js';

/** Both sides of a meter on a day, in millionths. */
export interface BothSides {
  /** Reported or known, without estimates. */
  readonly reportedMicro: bigint;
  readonly estimatedMicro: bigint;
  readonly theirsMicro: bigint;
  readonly nearStartMicro: bigint;
  readonly nearEndMicro: bigint;
}

/** A part: theirs minus ours. */
export interface QuantityPart {
  readonly class: DifferenceClass;
  readonly micro: bigint;
}

/** The day and its neighbours; a day without use is all zeros. */
export interface ThreeDays {
  readonly before: BothSides;
  readonly day: BothSides;
  readonly after: BothSides;
  /** At most so much may have been used without a report that we know to be missing. */
  readonly unreportedMaxMicro: bigint;
}

/** A day without any use. */
export const NO_USE: BothSides = {
  reportedMicro: 0n,
  estimatedMicro: 0n,
  theirsMicro: 0n,
  nearStartMicro: 0n,
  nearEndMicro: 0n,
};

// The vendor may have counted up to twice what we estimated: estimates are made of bytes and of the turn before.
const ESTIMATE_SLACK = 2n;

/** The parts, none where both sides are equal. A lost report is a part of its own even if it was estimated exactly. */
export function splitQuantity({ before, day, after, unreportedMaxMicro }: ThreeDays): readonly QuantityPart[] {
  const difference = withoutEstimates(day);
  const shifted =
    difference > 0n ? shiftedIn(before, after, difference) : -shiftedOut({ before, day, after }, -difference);
  const rest = difference - shifted;
  const lostMax = day.estimatedMicro * ESTIMATE_SLACK + unreportedMaxMicro;
  const lost = rest > 0n ? smaller(rest, lostMax) : 0n;
  const parts: QuantityPart[] = [
    { class: 'timing', micro: shifted },
    { class: rest > 0n ? 'foreign_use' : 'missing_upstream', micro: rest - lost },
  ];
  const found = parts.filter(({ micro }) => micro !== 0n);
  const isLost = lost > 0n || day.estimatedMicro > 0n;
  // Our estimate is in our books, so the difference is how wrong it was.
  return isLost ? [...found, { class: 'lost_usage', micro: lost - day.estimatedMicro }] : found;
}

/** They have it today; we have it at the end of yesterday or at the beginning of tomorrow. */
function shiftedIn(before: BothSides, after: BothSides, wanted: bigint): bigint {
  const fromBefore = smallest(wanted, positive(-withoutEstimates(before)), before.nearEndMicro);
  const fromAfter = smallest(wanted - fromBefore, positive(-withoutEstimates(after)), after.nearStartMicro);
  return fromBefore + fromAfter;
}

/** We have it at an edge of today; they have it yesterday or tomorrow. */
function shiftedOut({ before, day, after }: Omit<ThreeDays, 'unreportedMaxMicro'>, wanted: bigint): bigint {
  const toBefore = smallest(wanted, positive(withoutEstimates(before)), day.nearStartMicro);
  const toAfter = smallest(wanted - toBefore, positive(withoutEstimates(after)), day.nearEndMicro);
  return toBefore + toAfter;
}

function withoutEstimates({ theirsMicro, reportedMicro }: BothSides): bigint {
  return theirsMicro - reportedMicro;
}

function positive(value: bigint): bigint {
  return value > 0n ? value : 0n;
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function smallest(a: bigint, b: bigint, c: bigint): bigint {
  return positive(smaller(a, smaller(b, c)));
}
