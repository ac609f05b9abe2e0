// Services on pools. For administrators of the installation only: a pool is shared by all tenants.
import { err, mintId, ok, type PoolId } from '@trunkline/kernel';
import { isUniqueViolation, type Prisma } from '@trunkline/platform/database';
import {
  accountProblems,
  ApplyPresetInput,
  blankPool,
  changedPool,
  checkInput,
  CreatePoolInput,
  EnsurePoolInput,
  poolProblems,
  refusalOf,
  tierPreset,
  UpdatePoolInput,
  type Administered,
  type ApplyPresetRequest,
  type CreatePoolRequest,
  type EnsurePoolRequest,
  type Pool,
  type PoolRecord,
  type TierPreset,
  type UpdatePoolRequest,
} from '../../index.js';
import type { TenancyContext } from './context.js';
import { changing, lockPool, poolNamed } from './locks.js';
import { poolNotFound } from './not-found.js';
import { claimsOf } from './share-claims.js';
import { poolRecordOf, storedList } from './tenancy-rows.js';

/** Given to services that may be handed an upstream's key: it is sealed before it goes anywhere. */
export interface PoolContext extends TenancyContext {
  readonly sealUpstreamKey: (upstreamKey: string, poolId: PoolId) => string;
}

/** Makes the pool, or leaves the one of this slug as it is: a start-up step that any replica may repeat. */
export async function ensurePool(context: TenancyContext, request: EnsurePoolRequest): Administered<PoolRecord> {
  const input = checkInput(EnsurePoolInput, request);
  if (!input.ok) return input;
  const { slug, vendor, sessionsMax, models } = input.value;
  const id = mintId('pool', context.clock.nowMs(), context.randomBytes);
  await context.db.pool.createMany({
    data: [{ id, slug, vendor, sessionsMax, models: storedList(models) }],
    skipDuplicates: true,
  });
  return ok(poolRecordOf(await context.db.pool.findUniqueOrThrow({ where: { slug } })));
}

/** Makes a pool. `slug_taken` when another has the slug. */
export async function createPool(context: PoolContext, request: CreatePoolRequest): Administered<PoolRecord> {
  const input = checkInput(CreatePoolInput, request);
  if (!input.ok) return input;
  const { slug, ...changes } = input.value;
  const id = mintId('pool', context.clock.nowMs(), context.randomBytes);
  const pool = changedPool(blankPool(id, slug), changes, (key) => context.sealUpstreamKey(key, id));
  const refusal = refusalOf(accountProblems(pool));
  if (refusal) return err(refusal);
  try {
    const data = { id, slug, ...columnsOf(pool) };
    return await changing(context.db, async (tx) => ok(poolRecordOf(await tx.pool.create({ data }))));
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    return err({ code: 'slug_taken', message: `There is already a pool "${slug}". Choose another slug.` });
  }
}

/**
 * Changes what the request names. A cap below what is open lets nobody new in, and ends nobody; a cap below the floors
 * of the pool is refused.
 */
export async function updatePool(
  context: PoolContext,
  named: string,
  request: UpdatePoolRequest,
): Administered<PoolRecord> {
  const input = checkInput(UpdatePoolInput, request);
  if (!input.ok) return input;
  return changing(context.db, async (tx) => {
    const pool = await lockPool(tx, named);
    if (!pool.ok) return pool;
    const { id } = pool.value;
    const next = changedPool(pool.value, input.value, (key) => context.sealUpstreamKey(key, id));
    // Floors are looked at when a cap moves only: a pool that should be drained is drained, whatever else is wrong.
    const { sessionsMax, familyCaps } = input.value;
    const isCapMoved = sessionsMax !== undefined || familyCaps !== undefined;
    const ofShares = isCapMoved ? poolProblems(await claimsOf(tx, next)) : [];
    const refusal = refusalOf([...accountProblems(next), ...ofShares]);
    if (refusal) return err(refusal);
    const data = { ...columnsOf(next), updatedAt: new Date(context.clock.nowMs()) };
    return ok(poolRecordOf(await tx.pool.update({ where: { id }, data })));
  });
}

/** Sets a pool's cap; null takes it away. */
export function setPoolCap(context: PoolContext, named: string, sessionsMax: number | null): Administered<PoolRecord> {
  return updatePool(context, named, { sessionsMax });
}

/** Lets no new session into a pool; live ones go on. */
export function drainPool(context: PoolContext, named: string): Administered<PoolRecord> {
  return updatePool(context, named, { status: 'draining' });
}

/** Lets new sessions into a pool again. */
export function undrainPool(context: PoolContext, named: string): Administered<PoolRecord> {
  return updatePool(context, named, { status: 'active' });
}

/** A pool after a preset was applied, and what the preset filled and left open. */
export interface PresetPool {
  readonly pool: PoolRecord;
  readonly preset: TierPreset;
}

/** Fills the documented caps of a tier; caps that it does not know stay as they are. */
export async function applyTierPreset(
  context: PoolContext,
  named: string,
  request: ApplyPresetRequest,
): Administered<PresetPool> {
  const input = checkInput(ApplyPresetInput, request);
  if (!input.ok) return input;
  const preset = tierPreset(input.value);
  if (preset === null)
    return err({
      code: 'invalid_input',
      message:
        'The caps at launch are known for tier 5 only (about 100 sessions; below it, fewer). Set the cap in total by hand, with `pool set-cap`.',
      fields: ['caps'],
    });
  const { tier, sessionsMax } = preset;
  const pool = await updatePool(context, named, { tier, ...(sessionsMax === null ? {} : { sessionsMax }) });
  return pool.ok ? ok({ pool: pool.value, preset }) : pool;
}

/** Finds a pool by slug or id. */
export async function findPool({ db }: TenancyContext, named: string): Administered<PoolRecord> {
  const row = await db.pool.findUnique({ where: poolNamed(named) });
  return row ? ok(poolRecordOf(row)) : err(poolNotFound(named));
}

/** All pools, oldest first: the order in which they are tried. */
export async function listPools(context: TenancyContext): Promise<readonly PoolRecord[]> {
  return (await context.db.pool.findMany({ orderBy: { id: 'asc' } })).map(poolRecordOf);
}

function columnsOf(pool: Pool): Omit<Prisma.PoolUncheckedCreateInput, 'id' | 'slug'> {
  const { id: _id, slug: _slug, familyCaps, deployments, models, ...columns } = pool;
  return {
    ...columns,
    familyCaps: Object.fromEntries(familyCaps),
    deployments: Object.fromEntries(deployments),
    models: storedList(models),
  };
}
