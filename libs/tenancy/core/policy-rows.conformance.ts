// Tenants, keys and snapshots for specs. Everything has a default, so that what a test sets is what matters.
import { trustedId } from '@trunkline/kernel';
import { keyHasher } from './api-key.js';
import { blankPool } from './change-pool.js';
import { compilePolicy, type ApiKey, type PolicyRows, type PolicySnapshot, type Tenant } from './policy-snapshot.js';
import type { Pool } from './pool.js';
import { DEFAULT_LIMITS } from './tenant-limits.js';

/** The hasher of the specs. */
export const hashKey = keyHasher('a pepper only for tests');

/** A well-formed key that exists nowhere but in specs. */
export const KEY = 'tl_000g40r40m30e209185gr38e1w8124gkzj7qakr';

/** An active tenant. */
export function tenant(replacing: Partial<Tenant> = {}): Tenant {
  const id = trustedId('tnt', 'tnt_a');
  return { id, slug: 'a', name: 'A', status: 'active', sessionsMax: 5, limits: DEFAULT_LIMITS, ...replacing };
}

/** An active, unlimited key of that tenant. */
export function apiKey(replacing: Partial<ApiKey> = {}): ApiKey {
  return {
    id: trustedId('key', 'key_a'),
    tenantId: trustedId('tnt', 'tnt_a'),
    name: 'a key',
    status: 'active',
    sessionsMax: null,
    models: null,
    origins: null,
    scopes: ['sessions'],
    expiresAtMs: null,
    ...replacing,
  };
}

/** A pool of 100 lines that takes every model. */
export function pool(replacing: Partial<Pool> = {}): Pool {
  return { ...blankPool(trustedId('pool', 'pool_a'), 'a'), sessionsMax: 100, ...replacing };
}

/** Rows of nothing, for what a test is about to be added. */
export function rows(replacing: Partial<PolicyRows> = {}): PolicyRows {
  return {
    version: 1n,
    tenants: [],
    keys: [],
    pools: [],
    tenantShares: [],
    keyShares: [],
    moderation: [],
    refusedEndUsers: [],
    revokedSecrets: [],
    ...replacing,
  };
}

/** A snapshot of one tenant with one key, found by `KEY`. */
export function snapshot(
  parts: { key?: Partial<ApiKey>; tenant?: Partial<Tenant>; version?: bigint } = {},
): PolicySnapshot {
  return compilePolicy(
    rows({
      version: parts.version ?? 1n,
      tenants: [tenant(parts.tenant)],
      keys: [{ hmac: hashKey(KEY), key: apiKey(parts.key) }],
      pools: [pool()],
    }),
  );
}
