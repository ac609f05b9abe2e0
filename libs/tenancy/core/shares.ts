// Who has which share of a pool. Guarantees nothing by itself: `check-shares.ts` says which shares can hold together,
// admission lends the lines that no floor holds back.
import type { ApiKeyId, PoolId, TenantId } from '@trunkline/kernel';

/** What a tenant has of a pool. */
export interface PoolShare {
  readonly poolId: PoolId;
  readonly tenantId: TenantId;
  /** Lines held back for it. */
  readonly floor: number;
  /** Lines at most, at least 1; null: only its own cap and the pool's. */
  readonly ceiling: number | null;
  /** Of the lines above floors, it is owed so much for each unit of the others' weights. 1 to 1000. */
  readonly weight: number;
}

/** What a key has of its tenant's lines in a pool. It has no weight: within a tenant, first come is first served. */
export interface PoolKeyShare {
  readonly poolId: PoolId;
  readonly tenantId: TenantId;
  readonly keyId: ApiKeyId;
  /** Lines of the tenant's floor that are held back for it. */
  readonly floor: number;
  readonly ceiling: number | null;
}

/** All shares of one pool. Whoever is not in a list has the default. */
export interface PoolShares {
  readonly tenants: readonly PoolShare[];
  readonly keys: readonly PoolKeyShare[];
}

/** The share of a tenant that has no row: nothing held back, no ceiling, the same weight as everybody. */
export const DEFAULT_SHARE = Object.freeze({ floor: 0, ceiling: null, weight: 1 });
