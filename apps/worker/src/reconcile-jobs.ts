// The daily reconciliation: at 6:00 UTC, and once at each start, the runs that are due. Which those are is asked of the
// tables, so a queue that is lost or a job that runs twice changes nothing. An alarm is a log line and a metric; nothing is
// ever booked.
import { parsePeriod } from '@trunkline/ledger';
import { recordPeriodCheck } from '@trunkline/ledger/adapters/prisma';
import type { Database } from '@trunkline/platform/database';
import type { Jobs } from '@trunkline/platform/jobs';
import type { Log } from '@trunkline/platform/logging';
import { openAiBooks } from '@trunkline/providers/adapters/openai-usage';
import { loadPriceBook } from '@trunkline/rating/adapters/prisma';
import { reconcilingPrices, type VendorBooks } from '@trunkline/reporting';
import {
  findSources,
  reconcileDue,
  type DueRun,
  type ReconcileContext,
  type ReconciliationSource,
  type SourceSettings,
} from '@trunkline/reporting/adapters/prisma';
import type { Metrics } from '@trunkline/telemetry/adapters/prom';

/** What reconciliation needs in a worker. */
export interface ReconcileParts {
  readonly db: Database;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly nowMs: () => number;
  readonly settings: SourceSettings;
  /** The vendor's books; OpenAI's unless a test has others. */
  readonly booksOf?: (source: ReconciliationSource) => VendorBooks;
}

const QUEUE = 'reconcile';
// The vendor's day is over for six hours by then.
const DAILY = { cron: '0 6 * * *', timeZone: 'UTC' };

/** Starts it. A store of jobs that is away delays it to the next start: the command line can always run it. */
export async function startReconcileJobs(jobs: Jobs, parts: ReconcileParts): Promise<void> {
  jobs.work(QUEUE, (_data, { signal }) => makeDueRuns(parts, signal));
  const scheduled = Promise.all([jobs.repeat(QUEUE, 'daily', DAILY, {}), jobs.add(QUEUE, {}, { id: 'at-start' })]);
  await scheduled.catch((error: unknown) =>
    parts.log.warn(
      { event: 'reconcile_not_scheduled', err: error },
      'reconciliation is not scheduled; restart the worker',
    ),
  );
}

/** Makes the runs that are due now. @throws when one failed, so that the job is tried again. */
export async function makeDueRuns(parts: ReconcileParts, signal: AbortSignal): Promise<void> {
  const { db, log, settings, nowMs, booksOf = ({ baseUrl, adminKey }) => openAiBooks({ baseUrl, adminKey }) } = parts;
  const { sources, problems } = await findSources(db, settings);
  // Without any admin key nobody asked for it.
  if (sources.length === 0) return;
  for (const problem of problems)
    log.warn({ event: 'reconcile_source', reason: problem }, 'a pool cannot be reconciled');
  const { books } = await loadPriceBook(db);
  const context = {
    db,
    nowMs: nowMs(),
    prices: reconcilingPrices(books),
    booksOf,
    sources,
    recordMonth: recordMonthAs('reconciliation'),
  };
  let failed = 0;
  for await (const due of reconcileDue(context, signal)) {
    if (due.outcome === 'failed') failed += 1;
    tell(parts, due);
  }
  if (failed > 0) throw new Error(`${failed} runs of reconciliation failed and are tried again`);
}

/** Tells the close of periods what a month came to. */
export function recordMonthAs(actor: string): ReconcileContext['recordMonth'] {
  return async (tx, { month, state, reason }) => {
    const period = parsePeriod(month);
    if (period === null) throw new Error(`${month} is no month`);
    await recordPeriodCheck(tx, { tenantId: null, period, check: 'reconciled', state, reason, actor });
  };
}

function tell({ log, metrics }: ReconcileParts, due: DueRun): void {
  if (due.outcome === 'failed') {
    metrics.counter('reconcileRuns', { result: 'failed' }).add(1);
    const fields = { event: 'reconcile_failed', pool_id: due.poolId, detail: due.day, err: due.error };
    log.warn(fields, 'a day could not be reconciled');
    return;
  }
  const { run } = due;
  metrics.counter('reconcileRuns', { result: run.alarming ? 'alarming' : 'agreed' }).add(1);
  const foreign = run.differences.filter((each) => each.class === 'foreign_use').length;
  if (foreign > 0) metrics.counter('foreignUse').add(foreign);
  const fields = { pool_id: run.poolId, detail: run.day, name: run.id, outcome: run.stage };
  if (foreign > 0)
    log.error(
      { event: 'foreign_use', ...fields, count: foreign },
      'the vendor counts use of the account that never went through us: see `cli reconcile show`, and replace the key',
    );
  else if (run.alarming)
    log.error({ event: 'reconcile_alarm', ...fields }, "our books differ from the vendor's: see `cli reconcile show`");
  else log.info({ event: 'reconciled', ...fields }, 'a day was reconciled');
}
