// What the check of shares is run on. Read inside a transaction that holds the locks of `locks.ts`.
import { trustedId, type ApiKeyId, type PoolId, type TenantId } from '@trunkline/kernel';
import type { Pool, PoolClaims, TenantClaim } from '../../index.js';
import type { Tx } from './locks.js';

/** All claims on a pool. Those of suspended tenants count: they may be active again at any time. */
export async function claimsOf(tx: Tx, { id, slug, sessionsMax, familyCaps }: Pool): Promise<PoolClaims> {
  const where = { poolId: id };
  const include = { tenant: { select: { slug: true } } };
  const shares = await tx.poolShare.findMany({ where, include, orderBy: { tenantId: 'asc' } });
  const keyShares = await tx.poolKeyShare.findMany({ where, include: { key: { include } }, orderBy: { keyId: 'asc' } });
  const claims = new Map<string, TenantClaim>();
  for (const { tenantId, tenant, floor, ceiling } of shares)
    claims.set(tenantId, { slug: tenant.slug, floor, ceiling, keys: [] });
  for (const { tenantId, key, keyId, floor, ceiling } of keyShares) {
    const claim = claims.get(tenantId) ?? noClaim(key.tenant.slug);
    claims.set(tenantId, { ...claim, keys: [...claim.keys, { id: keyId, floor, ceiling }] });
  }
  return { slug, sessionsMax, familyCaps, tenants: [...claims.values()] };
}

/** The same claims, with those of one tenant changed. */
export function withClaim(
  claims: PoolClaims,
  tenantSlug: string,
  change: (claim: TenantClaim) => TenantClaim,
): PoolClaims {
  const isHis = ({ slug }: TenantClaim) => slug === tenantSlug;
  const others = claims.tenants.filter((claim) => !isHis(claim));
  return { ...claims, tenants: [...others, change(claims.tenants.find(isHis) ?? noClaim(tenantSlug))] };
}

/** What a tenant has held back in each pool. */
export async function tenantFloors(tx: Tx, tenantId: TenantId): Promise<Map<PoolId, number>> {
  const shares = await tx.poolShare.findMany({ where: { tenantId }, orderBy: { poolId: 'asc' } });
  return new Map(shares.map(({ poolId, floor }) => [trustedId('pool', poolId), floor]));
}

/** What a key has held back in each pool. */
export async function keyFloors(tx: Tx, keyId: ApiKeyId): Promise<Map<PoolId, number>> {
  const shares = await tx.poolKeyShare.findMany({ where: { keyId }, orderBy: { poolId: 'asc' } });
  return new Map(shares.map(({ poolId, floor }) => [trustedId('pool', poolId), floor]));
}

function noClaim(slug: string): TenantClaim {
  return { slug, floor: 0, ceiling: null, keys: [] };
}
