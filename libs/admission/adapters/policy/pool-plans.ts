// The policy's pools in the shape that admission counts by: caps, shares and queue bounds, with the policy's version.
import type { PoolId } from '@trunkline/kernel';
import { DEFAULT_SHARE, type PolicySnapshot, type Pool } from '@trunkline/tenancy';
import type { PoolPlan, TenantShare } from '../../index.js';

/** Plans by snapshot, each made once: admission compares them by identity before it compares what they say. */
export class PoolPlans {
  private readonly plans = new WeakMap<PolicySnapshot, ReadonlyMap<PoolId, PoolPlan>>();

  /** All plans of a snapshot. */
  of(policy: PolicySnapshot): ReadonlyMap<PoolId, PoolPlan> {
    const known = this.plans.get(policy);
    if (known) return known;
    const made = new Map([...policy.pools.values()].map((pool) => [pool.id, poolPlan(policy, pool)]));
    this.plans.set(policy, made);
    return made;
  }
}

/** One pool's plan. */
export function poolPlan(policy: PolicySnapshot, pool: Pool): PoolPlan {
  return {
    poolId: pool.id,
    version: Number(policy.version),
    sessionsMax: pool.sessionsMax,
    familyMax: Object.fromEntries(pool.familyCaps),
    shares: sharesOf(policy, pool.id),
    waitingMax: pool.waitingMax,
    waitingPerTenantMax: pool.waitingPerTenantMax,
  };
}

function sharesOf(policy: PolicySnapshot, poolId: PoolId): Readonly<Record<string, TenantShare>> {
  const { tenants, keys } = policy.sharesOf(poolId);
  const shares: Record<string, TenantShare> = {};
  for (const { tenantId, floor, ceiling, weight } of tenants) shares[tenantId] = { floor, ceiling, weight, keys: {} };
  for (const { tenantId, keyId, floor, ceiling } of keys) {
    const share = shares[tenantId] ?? { ...DEFAULT_SHARE, keys: {} };
    shares[tenantId] = { ...share, keys: { ...share.keys, [keyId]: { floor, ceiling } } };
  }
  return shares;
}
