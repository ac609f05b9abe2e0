// What the policy says of a pool, as admission needs it: caps, shares and the bounds of the waiting room. Plain data, so
// that it travels to a store as JSON. Leaves checking that floors fit under the cap to tenancy, which refuses what
// cannot hold; a plan that does not hold all the same (a cap was lowered by hand) never lends a line above the cap.
import type { PoolId } from '@trunkline/kernel';

/** A key's part of its tenant's lines. */
export interface KeyShare {
  /** Lines that its tenant's other keys leave free for it. */
  readonly floor: number;
  /** Lines at once in this pool; null: as many as the tenant. */
  readonly ceiling: number | null;
}

/** A tenant's part of a pool. */
export interface TenantShare {
  /** Lines held back for it whether it uses them or not. */
  readonly floor: number;
  /** Lines at once in this pool; null: as many as there are. */
  readonly ceiling: number | null;
  /** Lines above the floors are lent in proportion to this; 1 to 1,000. */
  readonly weight: number;
  readonly keys: Readonly<Record<string, KeyShare>>;
}

/** A pool's configuration at one version of the policy. */
export interface PoolPlan {
  readonly poolId: PoolId;
  /** The policy's version: of two plans the higher is in force, of two with the same the later. */
  readonly version: number;
  /** Sessions open at once; null: no cap, and then no floors. */
  readonly sessionsMax: number | null;
  /** Caps by model family within the pool; a family without one has the pool's. */
  readonly familyMax: Readonly<Record<string, number>>;
  /** By tenant id; who is not named has no floor, no ceiling and weight 1. */
  readonly shares: Readonly<Record<string, TenantShare>>;
  /** Calls that may wait for a line, in all and of one tenant. */
  readonly waitingMax: number;
  readonly waitingPerTenantMax: number;
}

/** The share of a tenant that has none of its own. */
export const DEFAULT_SHARE: TenantShare = { floor: 0, ceiling: null, weight: 1, keys: {} };

/** The tenant's share of the pool. */
export function shareOf(plan: PoolPlan, tenantId: string): TenantShare {
  return plan.shares[tenantId] ?? DEFAULT_SHARE;
}
