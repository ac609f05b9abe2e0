// What a dialect hands over when it has read usage out of a vendor's event, and the check that its meters are disjoint.
// Guarantees: a report that does not add up carries a problem and is parked; nobody downstream guesses or zeroes it.
// Leaves to others: who used it and when (usage-event.ts), what it costs (rating).
import { meterEntry, type UsageKind } from './meters.js';
import { isPlausible, type Quantity } from './quantity.js';

/**
 * Why an event cannot be rated as it stands:
 * - `usage_missing`: the vendor ended the response or item without a usage object;
 * - `sum_mismatch`: the meters do not add up to the vendor's own totals;
 * - `unknown_shape`: the usage object is not one this version can read;
 * - `out_of_range`: a negative, fractional or impossibly large count;
 * - `implausible_time`: its date cannot be (a clock jumped); set before rating, not by a dialect.
 */
export type UsageProblem = 'usage_missing' | 'sum_mismatch' | 'unknown_shape' | 'out_of_range' | 'implausible_time';

/** Who else than the app wanted a use: its tenant's moderation policy. */
export type UsageCause = 'policy';

/** One usage fact as a dialect read it. `quantities` may be empty only with a problem or when the vendor said zero. */
export interface UsageReport {
  readonly kind: UsageKind;
  /** The response id, or the item id of a transcription (with its content index where it is not 0). Names the fact. */
  readonly vendorObjectId: string;
  /** The model whose price applies: for a transcription the transcription model, not the session's. */
  readonly model: string;
  /** The vendor's own status (`completed`, `cancelled`, `incomplete`, `failed`); `completed` where it has none. */
  readonly status: string;
  /** The service tier as the vendor names it; absent or null where it does not. */
  readonly serviceTier?: string | null | undefined;
  /** Why it was used where the app did not ask for it; absent where it did. */
  readonly causedBy?: UsageCause | undefined;
  readonly quantities: readonly Quantity[];
  /** The vendor's usage object as parsed JSON, untouched; null when it sent none. */
  readonly vendorUsage: unknown;
  readonly problem: UsageProblem | null;
}

/** The vendor's own token totals, where it states them; null where it does not. */
export interface VendorTotals {
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly totalTokens: number | null;
}

/**
 * Asserts that disjoint meters add up to what the vendor says it counted (cached tokens are inside its input total).
 * Seconds have no total and are checked for range only. Null when everything fits.
 */
export function checkDisjoint(quantities: readonly Quantity[], totals: VendorTotals): UsageProblem | null {
  if (!quantities.every(isPlausible)) return 'out_of_range';
  if (new Set(quantities.map((each) => each.meter)).size !== quantities.length) return 'sum_mismatch';
  const input = tokenSum(quantities, 'input');
  const output = tokenSum(quantities, 'output');
  const fits =
    equalsTotal(input, totals.inputTokens) &&
    equalsTotal(output, totals.outputTokens) &&
    equalsTotal(input + output, totals.totalTokens);
  return fits ? null : 'sum_mismatch';
}

function tokenSum(quantities: readonly Quantity[], direction: 'input' | 'output'): bigint {
  return quantities
    .map((each) => ({ ...each, ...meterEntry(each.meter) }))
    .filter((each) => each.unit === 'tokens' && each.direction === direction)
    .reduce((sum, each) => sum + each.quantityMicro, 0n);
}

function equalsTotal(sumMicro: bigint, total: number | null): boolean {
  return total === null || (Number.isSafeInteger(total) && sumMicro === BigInt(total) * 1_000_000n);
}
