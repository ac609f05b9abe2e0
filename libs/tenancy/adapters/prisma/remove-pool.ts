// Removes a pool for good. What it carried stays in the books under its id; what is said about it goes with it.
import { err, ok } from '@trunkline/kernel';
import { refusalOf, removalProblem, type Administered, type Pool, type PoolRecord, type PoolUse } from '../../index.js';
import type { TenancyContext } from './context.js';
import { changing, lockPool, type Tx } from './locks.js';
import { poolOf, poolRecordOf } from './tenancy-rows.js';

const DAY_MS = 86_400_000;

/** What tenancy does not know by itself. */
export interface RemovalLook {
  /** Lines held and calls waiting in the pool; null where nobody can say. */
  readonly linesOf: (pool: Pool) => Promise<number | null>;
  readonly isKnownModel: (model: string) => boolean;
}

/** What was removed. */
export interface RemovedPool {
  readonly pool: PoolRecord;
  /** Shares of tenants and keys that went with it. */
  readonly shares: number;
}

/** Removes a pool that is drained and empty. `does_not_hold` says what is to be done first. */
export function removePool(
  context: TenancyContext,
  named: string,
  { linesOf, isKnownModel }: RemovalLook,
): Administered<RemovedPool> {
  const nowMs = context.clock.nowMs();
  return changing(context.db, async (tx) => {
    // Whoever undrains it waits until this is done, and then finds no pool.
    const locked = await lockPool(tx, named);
    if (!locked.ok) return locked;
    const pool = locked.value;
    const row = await tx.pool.findUniqueOrThrow({ where: { id: pool.id } });
    const others = await tx.pool.findMany({ where: { id: { not: pool.id } } });
    const problem = removalProblem({
      pool,
      others: others.map(poolOf),
      use: await useOf(tx, pool, { lines: await linesOf(pool), nowMs }),
      unchangedMs: nowMs - row.updatedAt.getTime(),
      isKnownModel,
    });
    const refusal = refusalOf(problem === null ? [] : [problem.replace(/\.$/, '')]);
    if (refusal) return err(refusal);
    const where = { poolId: pool.id };
    const ofKeys = await tx.poolKeyShare.deleteMany({ where });
    const ofTenants = await tx.poolShare.deleteMany({ where });
    // It may hold an admin key of the account.
    await tx.reconciliationSource.deleteMany({ where });
    await tx.pool.delete({ where: { id: pool.id } });
    return ok({ pool: poolRecordOf(row), shares: ofKeys.count + ofTenants.count });
  });
}

async function useOf(
  tx: Tx,
  { id: poolId }: Pool,
  { lines, nowMs }: Pick<PoolUse, 'lines'> & { readonly nowMs: number },
): Promise<PoolUse> {
  const openSessions = await tx.session.count({ where: { poolId, closedAt: null } });
  const lately = { poolId, openedAt: { gte: new Date(nowMs - DAY_MS) } };
  const used = await tx.session.groupBy({ by: ['model'], where: lately });
  return { lines, openSessions, modelsUsed: used.flatMap(({ model }) => (model === null ? [] : [model])) };
}
