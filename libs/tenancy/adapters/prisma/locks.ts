// The locks that make check and write of a change one step. Every change of floors locks the tenant's row, then the
// pool's; a change of a pool's cap locks the pool, of a tenant's or a key's cap the tenant. So each check sees all that
// it adds up, nobody changes it meanwhile, and nobody waits in a circle.
import { err, ok, parseId, type ApiKeyId, type TenantId } from '@trunkline/kernel';
import type { Database, Prisma } from '@trunkline/platform/database';
import type { Administered, ApiKeyRecord, Pool, TenantRecord } from '../../index.js';
import { poolNotFound, tenantArchived, tenantNotFound } from './not-found.js';
import { apiKeyOf, poolOf, tenantOf } from './tenancy-rows.js';

/** A transaction under way. */
export type Tx = Prisma.TransactionClient;

/** Whose share of what. */
export interface ShareHolder {
  readonly tenantId: TenantId;
  /** Slug or id. */
  readonly pool: string;
}

/** A tenant and a pool that nobody else changes meanwhile. */
export interface LockedShare {
  readonly tenant: TenantRecord;
  readonly pool: Pool;
}

// A lock is held for milliseconds; who waits longer than this waits for a database in trouble.
const WAIT_MS_MAX = 15_000;

/** Runs a change in one transaction, in which each statement sees what others committed before its locks were granted. */
export function changing<T>(db: Database, work: (tx: Tx) => Administered<T>): Administered<T> {
  return db.$transaction(work, { isolationLevel: 'ReadCommitted', timeout: WAIT_MS_MAX, maxWait: WAIT_MS_MAX });
}

/** Locks a tenant until the end of the transaction. */
export async function lockTenant(tx: Tx, tenantId: TenantId): Administered<TenantRecord> {
  await tx.$queryRaw`SELECT 1 AS "locked" FROM "tenant" WHERE "id" = ${tenantId} FOR UPDATE`;
  const row = await tx.tenant.findUnique({ where: { id: tenantId } });
  return row ? ok(tenantOf(row)) : err(tenantNotFound(tenantId));
}

/** Locks a pool, named by slug or id, until the end of the transaction. */
export async function lockPool(tx: Tx, idOrSlug: string): Administered<Pool> {
  const found = await tx.pool.findUnique({ where: poolNamed(idOrSlug), select: { id: true } });
  if (found === null) return err(poolNotFound(idOrSlug));
  await tx.$queryRaw`SELECT 1 AS "locked" FROM "pool" WHERE "id" = ${found.id} FOR UPDATE`;
  return ok(poolOf(await tx.pool.findUniqueOrThrow({ where: found })));
}

/** Locks both, in the order that everybody keeps. */
export async function lockShare(tx: Tx, holder: ShareHolder): Administered<LockedShare> {
  const tenant = await lockTenant(tx, holder.tenantId);
  if (!tenant.ok) return tenant;
  if (tenant.value.archivedAtMs !== null) return err(tenantArchived(tenant.value.slug));
  const pool = await lockPool(tx, holder.pool);
  return pool.ok ? ok({ tenant: tenant.value, pool: pool.value }) : pool;
}

/** A key of a tenant that is locked; null when it has no such key. */
export async function keyOf(tx: Tx, tenantId: TenantId, keyId: ApiKeyId): Promise<ApiKeyRecord | null> {
  const row = await tx.apiKey.findUnique({ where: { id: keyId, tenantId } });
  return row && apiKeyOf(row);
}

/** How a pool is found by what an administrator calls it. */
export function poolNamed(idOrSlug: string): { readonly id: string } | { readonly slug: string } {
  const id = parseId('pool', idOrSlug);
  return id === null ? { slug: idOrSlug } : { id };
}
