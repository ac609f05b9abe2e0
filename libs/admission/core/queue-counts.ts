// How many calls stand in line, by pool and tenant: kept with every change of the line, so that what a call is told costs the
// same however many stand there.
import type { PoolId, TenantId } from '@trunkline/kernel';
import type { Place } from './limits.js';

interface PoolCounts {
  calls: number;
  readonly ofTenant: Map<TenantId, number>;
}

/** Calls in line. */
export class QueueCounts {
  readonly #pools = new Map<PoolId, PoolCounts>();

  /** Counts a call in or out of its pool's line. */
  add({ poolId, tenantId }: Place, by: 1 | -1): void {
    const pool = this.#pools.get(poolId) ?? { calls: 0, ofTenant: new Map<TenantId, number>() };
    this.#pools.set(poolId, pool);
    pool.calls += by;
    const left = (pool.ofTenant.get(tenantId) ?? 0) + by;
    if (left > 0) pool.ofTenant.set(tenantId, left);
    else pool.ofTenant.delete(tenantId);
    if (pool.calls === 0) this.#pools.delete(poolId);
  }

  /** Of the place's pool: its calls, those of the place's tenant, and the tenants that have any. */
  of({ poolId, tenantId }: Place): { readonly inPool: number; readonly ofTenant: number; readonly tenants: number } {
    const pool = this.#pools.get(poolId);
    if (!pool) return { inPool: 0, ofTenant: 0, tenants: 0 };
    return { inPool: pool.calls, ofTenant: pool.ofTenant.get(tenantId) ?? 0, tenants: pool.ofTenant.size };
  }
}
