// Services on keys' shares of their tenant's lines in a pool. A key's floor is a part of its tenant's, so it takes nothing
// from other tenants; each function takes the tenant whose key it is.
import { err, ok, type ApiKeyId, type Result } from '@trunkline/kernel';
import {
  checkInput,
  holderProblems,
  poolProblems,
  refusalOf,
  SetKeyShareInput,
  type Administered,
  type AdministrationRefusal,
  type ApiKeyRecord,
  type KeyClaim,
  type KeyShareRecord,
  type PoolKeyShare,
  type SetKeyShareRequest,
} from '../../index.js';
import type { TenancyContext } from './context.js';
import { changing, keyOf, lockShare, type LockedShare, type ShareHolder, type Tx } from './locks.js';
import { keyNotFound } from './not-found.js';
import { claimsOf, keyFloors, withClaim } from './share-claims.js';
import { shareNotFound } from './shares.js';
import { poolKeyShareOf } from './tenancy-rows.js';

/** Whose share of what. */
export interface KeyShareHolder extends ShareHolder {
  readonly keyId: ApiKeyId;
}

/** Gives a key a share of its tenant's lines or changes it; what is not named stays. */
export async function setKeyShare(
  { db }: TenancyContext,
  holder: KeyShareHolder,
  request: SetKeyShareRequest,
): Administered<KeyShareRecord> {
  const input = checkInput(SetKeyShareInput, request);
  if (!input.ok) return input;
  return changing(db, async (tx) => {
    const locked = await lockKeyShare(tx, holder);
    if (!locked.ok) return locked;
    const { floor, ceiling } = input.value;
    const stored = await storedShare(tx, locked.value);
    const share = {
      ...stored,
      floor: floor ?? stored.floor,
      ceiling: ceiling === undefined ? stored.ceiling : ceiling,
    };
    const refusal = await whyNot(tx, locked.value, share);
    if (refusal) return err(refusal);
    const where = { poolId_keyId: { poolId: share.poolId, keyId: share.keyId } };
    await tx.poolKeyShare.upsert({ where, create: share, update: share });
    return ok(recordOf(locked.value, share));
  });
}

/** Takes a key's share away: it then has what its tenant has. */
export async function removeKeyShare({ db }: TenancyContext, holder: KeyShareHolder): Administered<KeyShareRecord> {
  return changing(db, async (tx) => {
    const locked = await lockKeyShare(tx, holder);
    if (!locked.ok) return locked;
    const { key, pool } = locked.value;
    const where = { poolId_keyId: { poolId: pool.id, keyId: key.id } };
    const row = await tx.poolKeyShare.findUnique({ where });
    if (row === null) return err(shareNotFound(`key ${key.id} has no share of pool ${pool.slug}`));
    await tx.poolKeyShare.delete({ where });
    return ok(recordOf(locked.value, poolKeyShareOf(row)));
  });
}

/** The shares of all keys, of one pool or of all. */
export async function listKeyShares(
  { db }: TenancyContext,
  { pool }: { readonly pool?: string } = {},
): Promise<readonly KeyShareRecord[]> {
  const rows = await db.poolKeyShare.findMany({
    where: pool === undefined ? {} : { pool: { OR: [{ slug: pool }, { id: pool }] } },
    include: {
      pool: { select: { slug: true } },
      key: { select: { name: true, tenant: { select: { slug: true } } } },
    },
    orderBy: [{ poolId: 'asc' }, { tenantId: 'asc' }, { keyId: 'asc' }],
  });
  return rows.map((row) => ({
    ...poolKeyShareOf(row),
    poolSlug: row.pool.slug,
    tenantSlug: row.key.tenant.slug,
    keyName: row.key.name,
  }));
}

interface LockedKeyShare extends LockedShare {
  readonly key: ApiKeyRecord;
}

async function lockKeyShare(tx: Tx, holder: KeyShareHolder): Promise<Result<LockedKeyShare, AdministrationRefusal>> {
  const locked = await lockShare(tx, holder);
  if (!locked.ok) return locked;
  const key = await keyOf(tx, holder.tenantId, holder.keyId);
  if (key === null) return err(keyNotFound(holder.keyId));
  if (key.status === 'active') return ok({ ...locked.value, key });
  return err({ code: 'does_not_hold', message: `Key ${key.id} is revoked for ever: a share would be lost on it.` });
}

async function storedShare(tx: Tx, { tenant, pool, key }: LockedKeyShare): Promise<PoolKeyShare> {
  const ids = { poolId: pool.id, keyId: key.id };
  const row = await tx.poolKeyShare.findUnique({ where: { poolId_keyId: ids } });
  return row ? poolKeyShareOf(row) : { ...ids, tenantId: tenant.id, floor: 0, ceiling: null };
}

async function whyNot(
  tx: Tx,
  { tenant, pool, key }: LockedKeyShare,
  { floor, ceiling }: PoolKeyShare,
): Promise<AdministrationRefusal | null> {
  const claim: KeyClaim = { id: key.id, floor, ceiling };
  const claims = withClaim(await claimsOf(tx, pool), tenant.slug, (tenantClaim) => ({
    ...tenantClaim,
    keys: [...tenantClaim.keys.filter(({ id }) => id !== key.id), claim],
  }));
  const floors = (await keyFloors(tx, key.id)).set(pool.id, floor);
  const holder = { kind: 'key', name: key.id, sessionsMax: key.sessionsMax } as const;
  return refusalOf([...poolProblems(claims), ...holderProblems({ ...holder, floors: [...floors.values()] })]);
}

function recordOf({ tenant, pool, key }: LockedKeyShare, share: PoolKeyShare): KeyShareRecord {
  return { ...share, poolSlug: pool.slug, tenantSlug: tenant.slug, keyName: key.name };
}
