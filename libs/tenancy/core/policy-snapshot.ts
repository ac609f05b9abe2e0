// What a gateway knows of tenants, keys and pools, compiled once and never changed: a call is judged by one snapshot
// from its key to its pool. Guarantees that every key in it has its tenant, and that shares are only of those who could
// use them. Leaves freshness to the holder and refresher.
import type { ApiKeyId, ClientSecretId, PoolId, TenantId } from '@trunkline/kernel';
import { compileJwtApps, type JwtApps, type JwtRows } from './jwt-apps.js';
import type { KeyScope } from './key-scope.js';
import type { Pool } from './pool.js';
import { compileSessionEnds, type EndableSession, type SessionEnd } from './session-ends.js';
import type { PoolKeyShare, PoolShare, PoolShares } from './shares.js';
import type { TenantLimits } from './tenant-limits.js';

/** A tenant as policy sees it. */
export interface Tenant {
  readonly id: TenantId;
  readonly slug: string;
  readonly name: string;
  readonly status: 'active' | 'suspended';
  /** Sessions open at once over all its keys; null: only the pool's cap. */
  readonly sessionsMax: number | null;
  readonly limits: TenantLimits;
}

/** A key as policy sees it; without anything that could be used as one. */
export interface ApiKey {
  readonly id: ApiKeyId;
  readonly tenantId: TenantId;
  readonly name: string;
  /** Of no use while it is not active; a suspended one can be again. */
  readonly status: 'active' | 'suspended' | 'revoked';
  readonly sessionsMax: number | null;
  /** Models it may use; null: every model that is offered. */
  readonly models: readonly string[] | null;
  /** Browser origins it may be used from; null: any. Clients that send no origin are not browsers and not concerned. */
  readonly origins: readonly string[] | null;
  /** What it may be used for. */
  readonly scopes: readonly KeyScope[];
  /** Unix time in milliseconds from which it is no longer valid. */
  readonly expiresAtMs: number | null;
}

/** A key and the HMAC it is found by. */
export interface StoredKey {
  readonly hmac: string;
  readonly key: ApiKey;
}

/** What a tenant's sessions are judged by, as it was stored. What it means is for moderation. */
export interface StoredModerationPolicy {
  readonly tenantId: TenantId;
  readonly version: number;
  readonly policy: unknown;
}

/** An end user who may open no session of a tenant's. */
export interface RefusedEndUser {
  readonly tenantId: TenantId;
  /** As moderation hashes them. */
  readonly endUser: string;
  /** Unix milliseconds. */
  readonly untilMs: number;
}

/** What a snapshot is compiled from. */
export interface PolicyRows {
  /** Rises with every change of policy. */
  readonly version: bigint;
  readonly tenants: readonly Tenant[];
  readonly keys: readonly StoredKey[];
  readonly pools: readonly Pool[];
  /** Of all pools. */
  readonly tenantShares: readonly PoolShare[];
  readonly keyShares: readonly PoolKeyShare[];
  /** The newest of each tenant that has one. */
  readonly moderation: readonly StoredModerationPolicy[];
  readonly refusedEndUsers: readonly RefusedEndUser[];
  /** Client secrets that were revoked and may have live sessions. */
  readonly revokedSecrets: readonly ClientSecretId[];
  /** Absent: no issuer's tokens are taken. */
  readonly jwt?: JwtRows;
  /** Absent: nobody asked for any session to end. */
  readonly sessionEnds?: readonly SessionEnd[];
}

/** A key together with its tenant. */
export interface KeyHolder {
  readonly key: ApiKey;
  readonly tenant: Tenant;
}

/** The policy in force at one version. */
export interface PolicySnapshot {
  readonly version: bigint;
  readonly tenants: ReadonlyMap<TenantId, Tenant>;
  readonly keys: ReadonlyMap<ApiKeyId, ApiKey>;
  /** In the order in which they should be tried. */
  readonly pools: ReadonlyMap<PoolId, Pool>;
  /** The holder of the key with this HMAC, revoked or not; null when there is none. */
  readonly lookup: (hmac: string) => KeyHolder | null;
  /**
   * The shares of a pool; empty lists when it has none. Those of suspended tenants and of revoked keys are left out:
   * nobody could use what would be held back for them.
   */
  readonly sharesOf: (poolId: PoolId) => PoolShares;
  /** What a tenant's sessions are judged by; null: nothing is. The same object for as long as the snapshot is in force. */
  readonly moderationOf: (tenantId: TenantId) => StoredModerationPolicy | null;
  /** Until when an end user may open no session, Unix milliseconds, maybe past; null: they may. */
  readonly refusedUntilMs: (tenantId: TenantId, endUser: string) => number | null;
  /** Whether a client secret was revoked lately: its sessions end. */
  readonly isSecretRevoked: (id: ClientSecretId) => boolean;
  /** Whether somebody asked for a session to end. */
  readonly isEndAsked: (session: EndableSession) => boolean;
  /** Whose tokens are taken, and which keys they stand for. */
  readonly jwt: JwtApps;
}

const NO_SHARES: PoolShares = Object.freeze({ tenants: Object.freeze([]), keys: Object.freeze([]) });

/** Compiles the rows. @throws when a key belongs to no tenant or two share an HMAC: the database forbids both. */
export function compilePolicy(rows: PolicyRows): PolicySnapshot {
  const { version, tenants, keys, pools } = rows;
  const tenantsById = new Map(tenants.map((tenant) => [tenant.id, frozenTenant(tenant)]));
  const holders = new Map<string, KeyHolder>();
  for (const { hmac, key } of keys) {
    const tenant = tenantsById.get(key.tenantId);
    if (!tenant) throw new Error(`policy ${version}: key ${key.id} belongs to no tenant`);
    if (holders.has(hmac)) throw new Error(`policy ${version}: key ${key.id} has the HMAC of another key`);
    holders.set(hmac, Object.freeze({ key: Object.freeze({ ...key }), tenant }));
  }
  const keysById = new Map([...holders.values()].map(({ key }) => [key.id, key]));
  const shares = usableShares(rows, tenantsById, keysById);
  const moderation = new Map(rows.moderation.map((stored) => [stored.tenantId, Object.freeze({ ...stored })]));
  const refused = new Map(rows.refusedEndUsers.map((each) => [`${each.tenantId} ${each.endUser}`, each.untilMs]));
  const revokedSecrets = new Set(rows.revokedSecrets);
  return Object.freeze({
    version,
    tenants: tenantsById,
    keys: keysById,
    pools: new Map(pools.map((pool) => [pool.id, frozenPool(pool)])),
    lookup: (hmac: string) => holders.get(hmac) ?? null,
    sharesOf: (poolId: PoolId) => shares.get(poolId) ?? NO_SHARES,
    moderationOf: (tenantId: TenantId) => moderation.get(tenantId) ?? null,
    refusedUntilMs: (tenantId: TenantId, endUser: string) => refused.get(`${tenantId} ${endUser}`) ?? null,
    isSecretRevoked: (id: ClientSecretId) => revokedSecrets.has(id),
    isEndAsked: compileSessionEnds(rows.sessionEnds ?? []),
    jwt: compileJwtApps(rows.jwt ?? null),
  });
}

function frozenTenant(tenant: Tenant): Tenant {
  return Object.freeze({ ...tenant, limits: Object.freeze({ ...tenant.limits }) });
}

// A map cannot be frozen; a copy that nobody else has is as good.
function frozenPool(pool: Pool): Pool {
  return Object.freeze({
    ...pool,
    familyCaps: new Map(pool.familyCaps),
    deployments: new Map(pool.deployments),
  });
}

function usableShares(
  { pools, tenantShares, keyShares }: PolicyRows,
  tenants: ReadonlyMap<TenantId, Tenant>,
  keys: ReadonlyMap<ApiKeyId, ApiKey>,
): ReadonlyMap<PoolId, PoolShares> {
  const isActive = (tenantId: TenantId) => tenants.get(tenantId)?.status === 'active';
  const ofTenants = tenantShares.filter(({ tenantId }) => isActive(tenantId));
  const ofKeys = keyShares.filter(({ tenantId, keyId }) => isActive(tenantId) && keys.get(keyId)?.status === 'active');
  const sharesOf = ({ id }: Pool): PoolShares =>
    Object.freeze({
      tenants: Object.freeze(
        ofTenants.filter((share) => share.poolId === id).map((share) => Object.freeze({ ...share })),
      ),
      keys: Object.freeze(ofKeys.filter((share) => share.poolId === id).map((share) => Object.freeze({ ...share }))),
    });
  return new Map(pools.map((pool) => [pool.id, sharesOf(pool)]));
}
