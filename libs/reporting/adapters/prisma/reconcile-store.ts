// Runs of reconciliation, their differences and notes. Only ever added; the database refuses anything else.
import { formatAmount, type PoolId } from '@trunkline/kernel';
import { numberText, type Database, type Prisma } from '@trunkline/platform/database';
import { formatQuantity } from '@trunkline/metering';
import { z } from 'zod';
import type { Difference, ReconciledDay, Stage } from '../../index.js';

/** A run, to be kept. */
export interface ReconciliationRun extends ReconciledDay {
  readonly id: string;
  readonly poolId: PoolId;
  readonly day: string;
  readonly stage: Stage;
  /** Usage events of the day that were not booked. */
  readonly unbooked: number;
}

/** Who made a run, and when. */
export interface RunMade {
  readonly trigger: 'schedule' | 'manual';
  readonly actor: string;
  readonly ranAtMs: number;
}

/** A run as people see it: amounts and quantities as decimal text. */
export interface RunView extends Omit<RunMade, 'ranAtMs'> {
  readonly id: string;
  readonly poolId: string;
  readonly day: string;
  readonly stage: string;
  readonly compared: number;
  readonly equal: number;
  readonly unbooked: number;
  readonly oursCost: string;
  readonly theirsCost: string | null;
  readonly unexplained: string;
  readonly alarming: boolean;
  readonly ranAt: string;
  /** How many parts there are of each class. */
  readonly classes: Readonly<Record<string, number>>;
  readonly notes: number;
}

/** A part of a difference as people see it. */
export interface DifferenceView {
  readonly line: number;
  readonly class: string;
  readonly upstreamKeyId: string | null;
  readonly model: string | null;
  readonly meter: string | null;
  readonly lineItem: string | null;
  readonly ours: string;
  readonly estimated: string;
  readonly theirs: string;
  readonly difference: string;
  readonly amount: string | null;
}

/** What somebody said about a run. */
export interface NoteView {
  readonly line: number | null;
  readonly actor: string;
  readonly text: string;
  readonly notedAt: string;
}

/** Keeps a run, within the caller's transaction; false when this scheduled run is there already. */
export async function insertRun(tx: Prisma.TransactionClient, run: ReconciliationRun, made: RunMade): Promise<boolean> {
  const theirsCost = run.theirsCost === null ? null : formatAmount(run.theirsCost);
  const inserted = await tx.$executeRaw`
    INSERT INTO reconciliation_run (id, pool_id, day, stage, trigger, actor, compared, equal, unbooked, ours_cost,
                                    theirs_cost, unexplained, alarming, ran_at)
    VALUES (${run.id}, ${run.poolId}, ${run.day}::date, ${run.stage}, ${made.trigger}, ${made.actor}, ${run.compared},
            ${run.equal}, ${run.unbooked}, ${formatAmount(run.oursCost)}::numeric, ${theirsCost}::numeric,
            ${formatAmount(run.unexplained)}::numeric, ${run.alarming}, ${new Date(made.ranAtMs).toISOString()}::timestamptz)
    ON CONFLICT DO NOTHING`;
  if (inserted === 0) return false;
  await tx.reconciliationDifference.createMany({
    data: run.differences.map((each, i) => columnsOf(run.id, i + 1, each)),
  });
  return true;
}

/** The scheduled runs that exist of these days, as `pool day stage`. */
export async function scheduledRuns(db: Database, fromDay: string): Promise<ReadonlySet<string>> {
  const rows = await db.reconciliationRun.findMany({
    where: { trigger: 'schedule', day: { gte: new Date(`${fromDay}T00:00:00Z`) } },
    select: { poolId: true, day: true, stage: true },
  });
  return new Set(rows.map(({ poolId, day, stage }) => scheduledName(poolId, day.toISOString().slice(0, 10), stage)));
}

/** How `scheduledRuns` names a run. */
export function scheduledName(poolId: string, day: string, stage: string): string {
  return `${poolId} ${day} ${stage}`;
}

const WITH_COUNTS = {
  differences: { select: { class: true } },
  _count: { select: { notes: true } },
} satisfies Prisma.ReconciliationRunInclude;
type RunRow = Prisma.ReconciliationRunGetPayload<{ include: typeof WITH_COUNTS }>;

/** The newest runs, newest first; of all pools, for administrators. */
export async function listRuns(db: Database, limit: number): Promise<readonly RunView[]> {
  const orderBy = [{ ranAt: 'desc' as const }, { id: 'asc' as const }];
  return (await db.reconciliationRun.findMany({ orderBy, take: limit, include: WITH_COUNTS })).map(viewOf);
}

/**
 * When each of these pools was last compared (Unix milliseconds). One that never was is left out: the daily job tells of it.
 */
export async function lastReconciledMs(db: Database, pools: readonly PoolId[]): Promise<ReadonlyMap<string, number>> {
  const rows = await db.$queryRaw`
    SELECT pool_id AS pool, (extract(epoch FROM max(ran_at)) * 1000)::bigint::text AS last
      FROM reconciliation_run WHERE pool_id = ANY(${[...pools]}::text[]) GROUP BY 1`;
  const found = z.array(z.object({ pool: z.string(), last: numberText })).parse(rows);
  return new Map(found.map(({ pool, last }) => [pool, last]));
}

/** One run with everything; null when there is none. */
export async function findRun(
  db: Database,
  id: string,
): Promise<{
  readonly run: RunView;
  readonly differences: readonly DifferenceView[];
  readonly notes: readonly NoteView[];
} | null> {
  const row = await db.reconciliationRun.findUnique({ where: { id }, include: WITH_COUNTS });
  if (row === null) return null;
  const differences = await db.reconciliationDifference.findMany({ where: { runId: id }, orderBy: { line: 'asc' } });
  const notes = await db.reconciliationNote.findMany({ where: { runId: id }, orderBy: { id: 'asc' } });
  return {
    run: viewOf(row),
    differences: differences.map(({ runId: _, ours, estimated, theirs, difference, amount, ...each }) => ({
      ...each,
      ours: ours.toFixed(),
      estimated: estimated.toFixed(),
      theirs: theirs.toFixed(),
      difference: difference.toFixed(),
      amount: amount?.toFixed() ?? null,
    })),
    notes: notes.map(({ line, actor, text, notedAt }) => ({ line, actor, text, notedAt: notedAt.toISOString() })),
  };
}

/** Adds what somebody says; false when there is no such run or line. */
export async function addNote(db: Database, runId: string, note: Omit<NoteView, 'notedAt'>): Promise<boolean> {
  const found = await findRun(db, runId);
  if (found === null) return false;
  if (note.line !== null && !found.differences.some(({ line }) => line === note.line)) return false;
  await db.reconciliationNote.create({ data: { runId, ...note } });
  return true;
}

function columnsOf(runId: string, line: number, each: Difference): Prisma.ReconciliationDifferenceCreateManyInput {
  return {
    runId,
    line,
    class: each.class,
    upstreamKeyId: each.keyId,
    model: each.model,
    meter: each.meter,
    lineItem: each.lineItem,
    ours: formatQuantity(each.oursMicro),
    estimated: formatQuantity(each.estimatedMicro),
    theirs: formatQuantity(each.theirsMicro),
    difference: formatQuantity(each.differenceMicro),
    amount: each.amount === null ? null : formatAmount(each.amount),
  };
}

function viewOf(row: RunRow): RunView {
  const { id, poolId, stage, actor, compared, equal, unbooked, alarming } = row;
  const classes: Record<string, number> = {};
  for (const each of row.differences) classes[each.class] = (classes[each.class] ?? 0) + 1;
  return {
    ...{ id, poolId, stage, actor, compared, equal, unbooked, alarming, classes },
    day: row.day.toISOString().slice(0, 10),
    trigger: row.trigger === 'schedule' ? 'schedule' : 'manual',
    oursCost: row.oursCost.toFixed(),
    theirsCost: row.theirsCost?.toFixed() ?? null,
    unexplained: row.unexplained.toFixed(),
    ranAt: row.ranAt.toISOString(),
    notes: row._count.notes,
  };
}
