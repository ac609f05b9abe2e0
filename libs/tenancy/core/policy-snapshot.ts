// What a gateway knows of tenants, keys and pools, compiled once and never changed: a call is judged by one snapshot
// from its key to its pool. Guarantees that every key in it has its tenant. Leaves freshness to the holder and refresher.
import type { ApiKeyId, PoolId, TenantId } from '@trunkline/kernel';

/** A tenant as policy sees it. */
export interface Tenant {
  readonly id: TenantId;
  readonly slug: string;
  readonly name: string;
  readonly status: 'active' | 'suspended';
  /** Sessions open at once over all its keys; null: only the pool's cap. */
  readonly sessionsMax: number | null;
}

/** A key as policy sees it; without anything that could be used as one. */
export interface ApiKey {
  readonly id: ApiKeyId;
  readonly tenantId: TenantId;
  readonly name: string;
  readonly status: 'active' | 'revoked';
  readonly sessionsMax: number | null;
  /** Models it may use; null: every model that is offered. */
  readonly models: readonly string[] | null;
  /** Browser origins it may be used from; null: any. Clients that send no origin are not browsers and not concerned. */
  readonly origins: readonly string[] | null;
  /** Unix time in milliseconds from which it is no longer valid. */
  readonly expiresAtMs: number | null;
}

/** An upstream account and its cap. */
export interface Pool {
  readonly id: PoolId;
  readonly slug: string;
  readonly vendor: 'openai';
  readonly sessionsMax: number | null;
  /** Models it serves; null: every model that the vendor is known to serve. */
  readonly models: readonly string[] | null;
}

/** A key and the HMAC it is found by. */
export interface StoredKey {
  readonly hmac: string;
  readonly key: ApiKey;
}

/** What a snapshot is compiled from. */
export interface PolicyRows {
  /** Rises with every change of policy. */
  readonly version: bigint;
  readonly tenants: readonly Tenant[];
  readonly keys: readonly StoredKey[];
  readonly pools: readonly Pool[];
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
}

/** Compiles the rows. @throws when a key belongs to no tenant or two share an HMAC: the database forbids both. */
export function compilePolicy({ version, tenants, keys, pools }: PolicyRows): PolicySnapshot {
  const tenantsById = new Map(tenants.map((tenant) => [tenant.id, Object.freeze({ ...tenant })]));
  const holders = new Map<string, KeyHolder>();
  for (const { hmac, key } of keys) {
    const tenant = tenantsById.get(key.tenantId);
    if (!tenant) throw new Error(`policy ${version}: key ${key.id} belongs to no tenant`);
    if (holders.has(hmac)) throw new Error(`policy ${version}: key ${key.id} has the HMAC of another key`);
    holders.set(hmac, Object.freeze({ key: Object.freeze({ ...key }), tenant }));
  }
  return Object.freeze({
    version,
    tenants: tenantsById,
    keys: new Map([...holders.values()].map(({ key }) => [key.id, key])),
    pools: new Map(pools.map((pool) => [pool.id, Object.freeze({ ...pool })])),
    lookup: (hmac: string) => holders.get(hmac) ?? null,
  });
}
