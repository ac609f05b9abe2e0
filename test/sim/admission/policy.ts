// Who there is and what they are promised: pools, tenants and keys of a world, and the versions of its policy one after
// the other. Every version can hold (what tenancy would refuse is not drawn), but nothing says that a version fits what
// is open when it comes: caps sink below it, floors rise into it.
import type { KeyShare, OwnLimits, Place, PoolPlan, TenantShare } from '@trunkline/admission';
import { trustedId, type ApiKeyId, type PoolId, type TenantId } from '@trunkline/kernel';
import type { Chance } from './chance.js';

/** A tenant and its keys. */
export interface Tenant {
  readonly id: TenantId;
  readonly keys: readonly ApiKeyId[];
}

/** Who there is; never changes. */
export interface Landscape {
  readonly pools: readonly PoolId[];
  readonly tenants: readonly Tenant[];
  readonly families: readonly string[];
}

/** One version of the policy. */
export interface Policy {
  readonly plans: ReadonlyMap<PoolId, PoolPlan>;
  readonly own: ReadonlyMap<ApiKeyId, OwnLimits>;
}

const WEIGHTS = [1, 1, 1, 2, 3, 10];

/** Draws who there is: few of each, so that they meet. */
export function drawLandscape(chance: Chance): Landscape {
  const pools = names(chance.happens(0.3) ? 2 : 1).map((name) => trustedId('pool', `pool_${name}`));
  const tenants = names(chance.between(2, 5)).map((tenant) => ({
    id: trustedId('tnt', `tnt_${tenant}`),
    keys: names(chance.between(1, 2)).map((key) => trustedId('key', `key_${tenant}${key}`)),
  }));
  return { pools, tenants, families: ['large', 'mini'] };
}

/** Draws a version of the policy that can hold. */
export function drawPolicy(landscape: Landscape, version: number, chance: Chance): Policy {
  const plans = new Map(landscape.pools.map((id) => [id, drawPlan(landscape, { id, version }, chance)]));
  const own = new Map<ApiKeyId, OwnLimits>();
  for (const tenant of landscape.tenants)
    for (const [id, limits] of drawOwn(tenant, plans, chance)) own.set(id, limits);
  return { plans, own };
}

/** A place of the tenant's. */
export function drawPlace({ pools, families }: Landscape, tenant: Tenant, chance: Chance): Place {
  return {
    keyId: chance.pick(tenant.keys),
    tenantId: tenant.id,
    poolId: chance.pick(pools),
    family: chance.pick(families),
  };
}

function drawPlan(
  { tenants }: Landscape,
  { id, version }: { readonly id: PoolId; readonly version: number },
  chance: Chance,
): PoolPlan {
  const sessionsMax = chance.happens(0.05) ? null : chance.between(2, 9);
  const shares: Record<string, TenantShare> = {};
  let promisable = sessionsMax ?? 0;
  for (const tenant of tenants) {
    if (chance.happens(0.2)) continue;
    const floor = chance.happens(0.5) ? chance.between(0, Math.min(3, promisable)) : 0;
    promisable -= floor;
    shares[tenant.id] = drawShare(tenant, floor, chance);
  }
  return {
    poolId: id,
    version,
    sessionsMax,
    familyMax: chance.happens(0.2) ? { mini: chance.between(1, sessionsMax ?? 5) } : {},
    shares,
    waitingMax: chance.between(3, 12),
    waitingPerTenantMax: chance.between(1, 6),
  };
}

function drawShare({ keys }: Tenant, floor: number, chance: Chance): TenantShare {
  const ceiling = chance.happens(0.3) ? Math.max(1, floor + chance.between(0, 3)) : null;
  const ofKeys: Record<string, KeyShare> = {};
  let promisable = floor;
  for (const key of keys) {
    if (chance.happens(0.6)) continue;
    const part = chance.between(0, promisable);
    promisable -= part;
    ofKeys[key] = { floor: part, ceiling: chance.happens(0.3) ? Math.max(1, part + chance.between(0, 2)) : null };
  }
  return { floor, ceiling, weight: chance.pick(WEIGHTS), keys: ofKeys };
}

function drawOwn(
  { id, keys }: Tenant,
  plans: ReadonlyMap<PoolId, PoolPlan>,
  chance: Chance,
): readonly (readonly [ApiKeyId, OwnLimits])[] {
  const shares = [...plans.values()].flatMap((plan) => plan.shares[id] ?? []);
  const floors = shares.reduce((sum, { floor }) => sum + floor, 0);
  const tenantSessionsMax = chance.happens(0.2) ? Math.max(1, floors + chance.between(0, 4)) : null;
  const sessionsPerMinuteMax = chance.happens(0.1) ? chance.between(2, 20) : null;
  return keys.map((key) => {
    const ofKey = shares.reduce((sum, share) => sum + (share.keys[key]?.floor ?? 0), 0);
    const keySessionsMax = chance.happens(0.2) ? Math.max(1, ofKey + chance.between(0, 3)) : null;
    return [key, { keySessionsMax, tenantSessionsMax, sessionsPerMinuteMax }] as const;
  });
}

function names(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => String.fromCharCode(97 + i));
}
