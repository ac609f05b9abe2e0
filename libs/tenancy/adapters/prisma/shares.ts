// Services on tenants' shares of pools. For administrators of the installation only: what one tenant is guaranteed is
// missing for all others. What cannot hold is refused with the sum that shows why; check and write are one step.
import { err, ok } from '@trunkline/kernel';
import {
  checkInput,
  DEFAULT_SHARE,
  holderProblems,
  poolProblems,
  refusalOf,
  SetShareInput,
  type Administered,
  type AdministrationRefusal,
  type PoolShare,
  type SetShareRequest,
  type ShareRecord,
} from '../../index.js';
import { NOT_STORED } from './at-version.js';
import type { TenancyContext } from './context.js';
import { changing, lockShare, type LockedShare, type ShareHolder, type Tx } from './locks.js';
import { tenantNotFound } from './not-found.js';
import { findPool } from './pools.js';
import { claimsOf, tenantFloors, withClaim } from './share-claims.js';
import { poolShareOf } from './tenancy-rows.js';

/** Gives a tenant a share or changes it; what is not named stays. Gateways obey within a second, no live session ends. */
export async function setShare(
  { db }: TenancyContext,
  holder: ShareHolder,
  request: SetShareRequest,
): Administered<ShareRecord> {
  const input = checkInput(SetShareInput, request);
  if (!input.ok) return input;
  return changing(db, async (tx) => {
    const locked = await lockShare(tx, holder);
    if (!locked.ok) return locked;
    const { floor, ceiling, weight } = input.value;
    const stored = await storedShare(tx, locked.value);
    const share: PoolShare = {
      ...stored,
      floor: floor ?? stored.floor,
      ceiling: ceiling === undefined ? stored.ceiling : ceiling,
      weight: weight ?? stored.weight,
    };
    const refusal = await whyNot(tx, locked.value, share);
    if (refusal) return err(refusal);
    const where = { poolId_tenantId: { poolId: share.poolId, tenantId: share.tenantId } };
    const row = await tx.poolShare.upsert({ where, create: share, update: share });
    return ok(recordOf(locked.value, row));
  });
}

/** Takes a share away: the tenant has the default again. Refused while keys of it are guaranteed lines of its floor. */
export async function removeShare({ db }: TenancyContext, holder: ShareHolder): Administered<ShareRecord> {
  return changing(db, async (tx) => {
    const locked = await lockShare(tx, holder);
    if (!locked.ok) return locked;
    const { tenant, pool } = locked.value;
    const where = { poolId_tenantId: { poolId: pool.id, tenantId: tenant.id } };
    const row = await tx.poolShare.findUnique({ where });
    if (row === null) return err(shareNotFound(`tenant ${tenant.slug} has no share of pool ${pool.slug}`));
    const refusal = await whyNot(tx, locked.value, { poolId: pool.id, tenantId: tenant.id, ...DEFAULT_SHARE });
    if (refusal) return err(refusal);
    await tx.poolShare.delete({ where });
    return ok(recordOf(locked.value, row));
  });
}

/** What a tenant has of a pool, the default where nothing is stored. */
export async function findShare(
  context: TenancyContext,
  { tenantId, pool: named }: ShareHolder,
): Administered<ShareRecord> {
  const pool = await findPool(context, named);
  if (!pool.ok) return pool;
  const ids = { poolId: pool.value.id, tenantId };
  const row = await context.db.poolShare.findUnique({ where: { poolId_tenantId: ids } });
  const tenant = await context.db.tenant.findUnique({ where: { id: tenantId }, select: { slug: true } });
  if (tenant === null) return err(tenantNotFound(tenantId));
  const share = row ? poolShareOf(row) : { ...ids, ...DEFAULT_SHARE };
  const version = row?.version.toString() ?? NOT_STORED;
  return ok({ ...share, poolSlug: pool.value.slug, tenantSlug: tenant.slug, version });
}

/** The shares of all tenants, of one pool or of all. */
export async function listShares(
  { db }: TenancyContext,
  { pool }: { readonly pool?: string } = {},
): Promise<readonly ShareRecord[]> {
  const rows = await db.poolShare.findMany({
    where: pool === undefined ? {} : { pool: { OR: [{ slug: pool }, { id: pool }] } },
    include: { pool: { select: { slug: true } }, tenant: { select: { slug: true } } },
    orderBy: [{ poolId: 'asc' }, { tenant: { slug: 'asc' } }],
  });
  return rows.map((row) => ({ ...poolShareOf(row), ...namesOf(row), version: row.version.toString() }));
}

/** The refusal for a share that is not there. */
export function shareNotFound(message: string): AdministrationRefusal {
  return { code: 'share_not_found', message: `${message}. List the shares to see them.` };
}

async function storedShare(tx: Tx, { tenant, pool }: LockedShare): Promise<PoolShare> {
  const ids = { poolId: pool.id, tenantId: tenant.id };
  const row = await tx.poolShare.findUnique({ where: { poolId_tenantId: ids } });
  return row ? poolShareOf(row) : { ...ids, ...DEFAULT_SHARE };
}

async function whyNot(
  tx: Tx,
  { tenant, pool }: LockedShare,
  { floor, ceiling }: PoolShare,
): Promise<AdministrationRefusal | null> {
  const claims = withClaim(await claimsOf(tx, pool), tenant.slug, (claim) => ({ ...claim, floor, ceiling }));
  const floors = (await tenantFloors(tx, tenant.id)).set(pool.id, floor);
  const holder = { kind: 'tenant', name: tenant.slug, sessionsMax: tenant.sessionsMax } as const;
  return refusalOf([...poolProblems(claims), ...holderProblems({ ...holder, floors: [...floors.values()] })]);
}

function recordOf({ tenant, pool }: LockedShare, row: Parameters<typeof poolShareOf>[0]): ShareRecord {
  return { ...poolShareOf(row), poolSlug: pool.slug, tenantSlug: tenant.slug, version: row.version.toString() };
}

function namesOf(row: { readonly pool: { readonly slug: string }; readonly tenant: { readonly slug: string } }) {
  return { poolSlug: row.pool.slug, tenantSlug: row.tenant.slug };
}
