// What the tenancy services work with, and how rows become what the rest of the system knows.
import { trustedId, type Clock } from '@trunkline/kernel';
import type { Database } from '@trunkline/platform/database';
import type { ApiKeyRecord, KeyHasher, PoolRecord, TenantRecord } from '../../index.js';

/** Given to every service function. */
export interface TenancyContext {
  readonly db: Database;
  readonly clock: Clock;
  readonly randomBytes: (n: number) => Uint8Array;
  readonly hashKey: KeyHasher;
}

interface TenantRow {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly status: string;
  readonly sessionsMax: number | null;
  readonly createdAt: Date;
}

interface ApiKeyRow {
  readonly id: string;
  readonly tenantId: string;
  readonly name: string;
  readonly prefix: string;
  readonly last4: string;
  readonly sessionsMax: number | null;
  readonly models: readonly string[];
  readonly origins: readonly string[];
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
}

interface PoolRow {
  readonly id: string;
  readonly slug: string;
  readonly sessionsMax: number | null;
  readonly models: readonly string[];
  readonly createdAt: Date;
}

/** A row of `tenant`. Anything but `active` counts as suspended: closed when in doubt. */
export function tenantOf(row: TenantRow): TenantRecord {
  const { slug, name, sessionsMax, createdAt } = row;
  const status = row.status === 'active' ? 'active' : 'suspended';
  return { id: trustedId('tnt', row.id), slug, name, status, sessionsMax, createdAtMs: createdAt.getTime() };
}

/** A row of `api_key`, without its HMAC. */
export function apiKeyOf(row: ApiKeyRow): ApiKeyRecord {
  const { name, prefix, last4, sessionsMax, createdAt, expiresAt, revokedAt } = row;
  return {
    id: trustedId('key', row.id),
    tenantId: trustedId('tnt', row.tenantId),
    name,
    prefix,
    last4,
    status: revokedAt === null ? 'active' : 'revoked',
    sessionsMax,
    models: listOf(row.models),
    origins: listOf(row.origins),
    expiresAtMs: expiresAt?.getTime() ?? null,
    createdAtMs: createdAt.getTime(),
    revokedAtMs: revokedAt?.getTime() ?? null,
  };
}

/** A row of `pool`. */
export function poolOf(row: PoolRow): PoolRecord {
  const { slug, sessionsMax, createdAt } = row;
  const models = listOf(row.models);
  return {
    id: trustedId('pool', row.id),
    slug,
    vendor: 'openai',
    sessionsMax,
    models,
    createdAtMs: createdAt.getTime(),
  };
}

/** How an allow-list is stored: empty means that there is none. */
export function storedList(list: readonly string[] | null): string[] {
  return list === null ? [] : [...list];
}

function listOf(stored: readonly string[]): readonly string[] | null {
  return stored.length === 0 ? null : stored;
}
