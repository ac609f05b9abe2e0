// What is compared: a day of one pool in our books and in the vendor's, with the days around it. Quantities are millionths
// of the meter's unit, days begin at midnight UTC (the vendor's day), models have the names that prices know them by.
import type { AmountPico } from '@trunkline/kernel';

/** Why the two differ. One class per part of a difference; the parts of a difference sum to it. */
export const DIFFERENCE_CLASSES = [
  /** On the other side of midnight: the neighbouring day differs the other way, and we have use that close to it. */
  'timing',
  /** The vendor counted what it never reported to us; beside it stands what we estimated. */
  'lost_usage',
  /** Use of the account that never went through us. A security alarm. */
  'foreign_use',
  /** The vendor reported it to us and does not list it: its figures are not complete yet, or we counted twice. */
  'missing_upstream',
  /** The same quantity for other money. */
  'price',
  /** A cost that belongs to no usage of either side. */
  'unknown_line_item',
  /** Money differs by a rounding. */
  'within_tolerance',
] as const;
export type DifferenceClass = (typeof DIFFERENCE_CLASSES)[number];

/** What our books have of a meter of a model on a day. */
export interface OurUse {
  readonly dayMs: number;
  readonly model: string;
  readonly meter: string;
  /** Of reports, booked. */
  readonly reportedMicro: bigint;
  /** Of our estimates, booked. */
  readonly estimatedMicro: bigint;
  /** Known and not booked: no price yet, or still on its way. */
  readonly unbookedMicro: bigint;
  /** Of all, what occurred within an hour after the day's beginning, and before its end. */
  readonly nearStartMicro: bigint;
  readonly nearEndMicro: bigint;
  /** What it cost us by our prices, booked. */
  readonly cost: AmountPico;
}

/** Responses of a day that came without their usage and were not estimated: something was used, nobody knows how much. */
export interface UnreportedUse {
  readonly dayMs: number;
  readonly model: string;
  readonly events: number;
}

/** What the vendor's books have of a meter of a model under a key on a day. */
export interface UpstreamUse {
  readonly dayMs: number;
  /** The vendor's id of the key; null where it does not say. */
  readonly keyId: string | null;
  readonly model: string;
  readonly meter: string;
  readonly quantityMicro: bigint;
}

/** What the vendor charges for a line item under a key on the day. */
export interface UpstreamCharge {
  readonly keyId: string | null;
  readonly lineItem: string;
  /** Null where the name tells no model and meter that we know. */
  readonly of: { readonly model: string; readonly meter: string } | null;
  readonly amount: AmountPico;
}

/** Both sides of a day. */
export interface DayBooks {
  readonly dayMs: number;
  /** Of the day, the one before and the one after. */
  readonly ours: readonly OurUse[];
  readonly unreported: readonly UnreportedUse[];
  readonly theirs: readonly UpstreamUse[];
  /** Of the day; null when the vendor has no costs of it yet. */
  readonly charges: readonly UpstreamCharge[] | null;
  /** The vendor's ids of the pool's keys; null: every key of what was asked for is ours. */
  readonly ownKeys: ReadonlySet<string> | null;
  /** What a quantity costs at our prices; null when there is none. Of a negative quantity, negative. */
  readonly worthOf: (model: string, meter: string, quantityMicro: bigint) => AmountPico | null;
}

/** One part of a difference: theirs minus ours. */
export interface Difference {
  readonly class: DifferenceClass;
  /** The key, where it is not one of ours. */
  readonly keyId: string | null;
  readonly model: string | null;
  readonly meter: string | null;
  readonly lineItem: string | null;
  /** The whole of each side, whatever part of the difference this is. `ours` with estimates and what is not booked. */
  readonly oursMicro: bigint;
  readonly estimatedMicro: bigint;
  readonly theirsMicro: bigint;
  /** This part. Zero where only money differs, or an estimate was exact. */
  readonly differenceMicro: bigint;
  /** This part in US dollars; null when it has no price. */
  readonly amount: AmountPico | null;
}

/** A day compared. */
export interface ReconciledDay {
  /** Pairs of model and meter (and key, where not ours) that either side has. */
  readonly compared: number;
  readonly equal: number;
  readonly differences: readonly Difference[];
  readonly oursCost: AmountPico;
  readonly theirsCost: AmountPico | null;
  /** Sum of the parts' amounts, each without its sign, without timing and rounding. */
  readonly unexplained: AmountPico;
  /** Above 0.5 % of the day and above 1 USD, or any foreign use. */
  readonly alarming: boolean;
}
