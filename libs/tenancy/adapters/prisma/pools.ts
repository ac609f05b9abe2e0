// Services on pools. For administrators of the installation only: a pool is shared by all tenants.
import { err, mintId, ok } from '@trunkline/kernel';
import {
  checkInput,
  EnsurePoolInput,
  SessionsMaxInput,
  type Administered,
  type EnsurePoolRequest,
  type PoolRecord,
} from '../../index.js';
import type { TenancyContext } from './context.js';
import { poolRecordOf, storedList } from './tenancy-rows.js';

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

/** Sets a pool's cap; null takes it away. A cap below what is open lets nobody new in, and ends nobody. */
export async function setPoolCap(
  context: TenancyContext,
  slug: string,
  sessionsMax: number | null,
): Administered<PoolRecord> {
  const input = checkInput(SessionsMaxInput, sessionsMax);
  if (!input.ok) return input;
  const data = { sessionsMax: input.value, updatedAt: new Date(context.clock.nowMs()) };
  const [row] = await context.db.pool.updateManyAndReturn({ where: { slug }, data });
  if (row) return ok(poolRecordOf(row));
  return err({ code: 'pool_not_found', message: `There is no pool ${JSON.stringify(slug.slice(0, 80))}.` });
}

/** All pools, oldest first: the order in which they are tried. */
export async function listPools(context: TenancyContext): Promise<readonly PoolRecord[]> {
  return (await context.db.pool.findMany({ orderBy: { id: 'asc' } })).map(poolRecordOf);
}
