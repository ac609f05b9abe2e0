// One run of a reconciliation: reads both sides of a day with its neighbours, compares, and keeps the result for good. It
// books nothing. Reads the vendor before it touches the database, so that no transaction waits for a stranger. A final run
// and what its month comes to by it are kept together: a process that dies leaves both or neither, and a scheduled run that
// is not there is made again.
import { createHash, randomBytes } from 'node:crypto';
import { base32 } from '@trunkline/kernel';
import type { Database, Queryable } from '@trunkline/platform/database';
import {
  dayText,
  reconcileDay,
  stageOf,
  type ReconciledDay,
  type ReconcilingPrices,
  type Stage,
  type VendorBooks,
} from '../../index.js';
import { monthFound, type MonthFinding } from './reconcile-month.js';
import { ourBooksOfPool } from './reconcile-our-use.js';
import type { ReconciliationSource } from './reconcile-sources.js';
import { insertRun, type ReconciliationRun } from './reconcile-store.js';

/** What a run works with. */
export interface ReconcileContext {
  readonly db: Database;
  readonly nowMs: number;
  readonly prices: ReconcilingPrices;
  readonly booksOf: (source: ReconciliationSource) => VendorBooks;
  /** All of the installation: what is another pool's key is not foreign. */
  readonly sources: readonly ReconciliationSource[];
  /** Tells the close of periods what a month came to, in the transaction of the run. */
  readonly recordMonth: (tx: Queryable, found: MonthFinding) => Promise<void>;
}

/** Which day, and who asks. */
export interface ReconcileRequest {
  readonly dayMs: number;
  readonly trigger: 'schedule' | 'manual';
  readonly actor: string;
}

const DAY_MS = 86_400_000;
const ID_CHARS = 26;
// One of the installation's advisory locks, each with a number of its own.
const MONTH_LOCK = 7_263_403;

/** Compares a day of a pool. Null: this scheduled run was made already. @throws UpstreamBooksUnreadable and the database's */
export async function reconcilePool(
  context: ReconcileContext,
  source: ReconciliationSource,
  request: ReconcileRequest,
): Promise<ReconciliationRun | null> {
  const { poolId } = source;
  const { dayMs, trigger } = request;
  const stage = stageOf(dayMs, context.nowMs);
  const { day, unbooked } = await compare(context, source, dayMs);
  const run = { ...day, id: runId(source, request, stage), poolId, day: dayText(dayMs), stage, unbooked };
  const made = { trigger, actor: request.actor, ranAtMs: context.nowMs };
  return context.db.$transaction(async (tx) => {
    // Two final runs at once would each look at the month without the other's.
    if (stage === 'final') await tx.$executeRaw`SELECT pg_advisory_xact_lock(${MONTH_LOCK})`;
    if (!(await insertRun(tx, run, made))) return null;
    const found = stage === 'final' ? await monthFound(tx, run, context.sources) : null;
    if (found !== null) await context.recordMonth(tx, found);
    return run;
  });
}

async function compare(
  { db, prices, booksOf, sources }: ReconcileContext,
  source: ReconciliationSource,
  dayMs: number,
): Promise<{ readonly day: ReconciledDay; readonly unbooked: number }> {
  const { poolId, projectIds, apiKeyIds } = source;
  const around = { fromMs: dayMs - DAY_MS, toMs: dayMs + 2 * DAY_MS };
  const vendor = booksOf(source);
  const usage = await vendor.usage({ ...around, projectIds });
  const costs = await vendor.costs({ fromMs: dayMs, toMs: dayMs + DAY_MS, projectIds });
  const elsewhere = new Set(sources.filter((other) => other !== source).flatMap((other) => other.apiKeyIds ?? []));
  const isHere = ({ keyId }: { readonly keyId: string | null }): boolean => keyId === null || !elsewhere.has(keyId);
  const { ours, unreported, unbooked } = await ourBooksOfPool(db, poolId, around);
  const priced = <Each extends { readonly dayMs: number; readonly model: string }>(each: Each): Each => ({
    ...each,
    model: prices.priced(each.model, each.dayMs),
  });
  const charges = costs.filter(isHere).map((cost) => ({
    ...cost,
    of: cost.of && { ...cost.of, model: prices.priced(cost.of.model, dayMs) },
  }));
  const day = reconcileDay({
    dayMs,
    ours: ours.map(priced),
    unreported: unreported.map(priced),
    theirs: usage.filter(isHere).map((use) => priced({ ...use, dayMs: Math.floor(use.hourMs / DAY_MS) * DAY_MS })),
    // No cost at all while there is use: the vendor has not got that far.
    charges: costs.length === 0 && usage.length > 0 ? null : charges,
    ownKeys: apiKeyIds === null ? null : new Set(apiKeyIds),
    worthOf: (model, meter, quantityMicro) =>
      prices.worth({ poolId, model, meter, quantityMicro, atMs: dayMs + DAY_MS / 2 }),
  });
  return { day, unbooked: unbooked.get(dayMs) ?? 0 };
}

/** A scheduled run has one id however often it is tried; one that a person asks for is a new one. */
function runId({ poolId }: ReconciliationSource, { dayMs, trigger }: ReconcileRequest, stage: Stage): string {
  const salt = trigger === 'manual' ? randomBytes(16).toString('hex') : '';
  const digest = createHash('sha256')
    .update([poolId, dayText(dayMs), stage, trigger, salt].join(' '))
    .digest();
  return `rec_${base32(digest).slice(0, ID_CHARS)}`;
}
