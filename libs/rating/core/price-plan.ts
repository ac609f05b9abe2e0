// What comes on top of a list price, from an instant on: a tenant's markup, and what the vendor itself adds for a pool or
// a tenant (data residency). Both in basis points, both append-only. How they become a price is for `derived-price.ts`.
import type { PoolId, TenantId } from '@trunkline/kernel';

/** A tenant's markup over the vendor's price. The latest one in force counts; 0 ends it, below 0 is a discount. */
export interface PricePlan {
  readonly tenantId: TenantId;
  /** Unix milliseconds, inclusive. */
  readonly effectiveFrom: number;
  /** 0, or the number of a correction of the plan with the same start; the highest one counts. */
  readonly revision: number;
  readonly markupBps: number;
}

/** Whose usage an uplift holds for. */
export type UpliftScope = `pool:${PoolId}` | `tenant:${TenantId}`;

/**
 * What the vendor adds to its list: part of what it charges us, and so of what a markup is added to. The latest one of a
 * name and a scope counts, 0 ends it. Where a pool and a tenant have one of the same name, it is added once, the tenant's;
 * uplifts of different names add up.
 */
export interface PriceUplift {
  readonly scope: UpliftScope;
  readonly name: string;
  /** Unix milliseconds, inclusive. */
  readonly effectiveFrom: number;
  readonly revision: number;
  readonly upliftBps: number;
  /** Priced models that it holds for; empty: all. */
  readonly models: readonly string[];
}

export const MARKUP_BPS_MIN = -10_000;
export const MARKUP_BPS_MAX = 100_000;
export const UPLIFT_BPS_MAX = 100_000;

const BPS_PER_PERCENT = 100;

/** `15 %`, `12.5 %`, `-0.05 %`. */
export function formatBps(bps: number): string {
  return `${bps / BPS_PER_PERCENT} %`;
}

/** Of rows with one key, in any order, the one in force at an instant: the latest start, and of that the last correction. */
export function inForce<T extends { readonly effectiveFrom: number; readonly revision: number }>(
  rows: readonly T[],
  atMs: number,
): T | null {
  let found: T | null = null;
  for (const row of rows) {
    if (row.effectiveFrom > atMs) continue;
    const later = found === null || row.effectiveFrom > found.effectiveFrom;
    if (later || (row.effectiveFrom === found?.effectiveFrom && row.revision > found.revision)) found = row;
  }
  return found;
}
