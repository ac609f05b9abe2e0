// Tenants, keys and snapshots for specs. Everything has a default, so that what a test sets is what matters.
import { trustedId } from '@trunkline/kernel';
import { keyHasher } from './api-key.js';
import { compilePolicy, type ApiKey, type PolicySnapshot, type Tenant } from './policy-snapshot.js';

/** The hasher of the specs. */
export const hashKey = keyHasher('a pepper only for tests');

/** A well-formed key that exists nowhere but in specs. */
export const KEY = 'tl_000g40r40m30e209185gr38e1w8124gkzj7qakr';

/** An active tenant. */
export function tenant(replacing: Partial<Tenant> = {}): Tenant {
  const id = trustedId('tnt', 'tnt_a');
  return { id, slug: 'a', name: 'A', status: 'active', sessionsMax: 5, ...replacing };
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
    expiresAtMs: null,
    ...replacing,
  };
}

/** A snapshot of one tenant with one key, found by `KEY`. */
export function snapshot(
  parts: { key?: Partial<ApiKey>; tenant?: Partial<Tenant>; version?: bigint } = {},
): PolicySnapshot {
  return compilePolicy({
    version: parts.version ?? 1n,
    tenants: [tenant(parts.tenant)],
    keys: [{ hmac: hashKey(KEY), key: apiKey(parts.key) }],
    pools: [{ id: trustedId('pool', 'pool_a'), slug: 'a', vendor: 'openai', sessionsMax: 100, models: null }],
  });
}
