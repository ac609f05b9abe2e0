// The worker's composition root: makes its loop, binds it to a Nest context and registers the close.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { systemClock } from '@trunkline/kernel';
import { isDatabaseUnavailable, type Database } from '@trunkline/platform/database';
import type { Jobs } from '@trunkline/platform/jobs';
import type { Log } from '@trunkline/platform/logging';
import type { Shutdown } from '@trunkline/platform/shutdown';
import type { Metrics } from '@trunkline/telemetry/adapters/prom';
import { startContentSweep } from './content-sweep.js';
import { startExportJobs, type ExportJobsParts } from './export-jobs.js';
import { startModerationActions } from './moderation-actions.js';
import { startNotices, type NoticeParts } from './moderation-notices.js';
import { RatingLoop, type PassReport, type RatingLoopOptions } from './rating-loop.js';
import { ratingPasses } from './rating-pass.js';
import { startRefusedSweep } from './refused-sweep.js';
import { startReconcileJobs, type ReconcileParts } from './reconcile-jobs.js';
import { startReaper, type ReaperParts } from './reaper.js';
import { startRollup } from './rollup.js';
import { watchBudgets } from './watch-budgets.js';
import { watchExports } from './watch-exports.js';
import { watchLedger } from './watch-ledger.js';
import { watchPeriods } from './watch-periods.js';
import { watchReviews } from './watch-reviews.js';
import { RATING_STOP_MS_MAX, WorkerModule } from './worker.module.js';

/** What a worker needs. */
export interface WorkerParts {
  /** A pool of its own is not needed: passes use one connection at a time. */
  readonly db: Database;
  /** Events per batch; the default keeps live calls in the same process from waiting for it. */
  readonly batchMax?: number;
  readonly log: Log;
  readonly shutdown: Shutdown;
  readonly metrics: Metrics;
  readonly loop?: Pick<RatingLoopOptions, 'idleMs' | 'backoff'>;
  readonly reaper?: Pick<ReaperParts, 'silenceMs' | 'everyMs'>;
  /** Reconciliation with the vendor's books each day; without, by the command line only. */
  readonly reconcile?: Pick<ReconcileParts, 'settings'> & { readonly jobs: Jobs };
  /** Tells tenants' own services of findings; without, nobody does. */
  readonly notices?: Pick<NoticeParts, 'poster' | 'openSecret'>;
  /** Exports in the background; without, they are made by the command line only. */
  readonly exports?: Pick<ExportJobsParts, 'jobs' | 'place' | 'keepDays' | 'lookMs'>;
}

/** A worker at work. */
export interface RunningWorker {
  /** Works the queue to its end now: for commands and tests that want the books up to date. */
  rateOnce(): Promise<PassReport>;
  /** Null while the database answers; else what is wrong, for a readiness check. */
  problem(): string | null;
}

// Above the stop of the loop, for Nest's own hooks.
const CLOSE_MS_MAX = RATING_STOP_MS_MAX + 2_000;

/** Starts the worker. Register the database's close before it: closes run last in, first out. */
export async function startWorker({
  db,
  batchMax,
  log,
  shutdown,
  metrics,
  loop: options,
  reaper,
  reconcile,
  notices,
  exports,
}: WorkerParts): Promise<RunningWorker> {
  startRollup({ db, log, clock: systemClock }, shutdown);
  const loop = new RatingLoop(ratingPasses(db, batchMax === undefined ? {} : { batchMax }), {
    ...options,
    ...reports(log),
  });
  const app = await NestFactory.createApplicationContext(WorkerModule.with(loop), { logger: false });
  watchLedger(db, metrics, shutdown);
  watchPeriods({ db, metrics, sources: reconcile?.settings ?? null }, shutdown);
  watchReviews(db, metrics, shutdown);
  watchBudgets({ db, log, clock: systemClock }, shutdown);
  startContentSweep({ db, log, clock: systemClock }, shutdown);
  startRefusedSweep({ db, log, clock: systemClock }, shutdown);
  startModerationActions({ db, log, clock: systemClock }, shutdown);
  if (notices) startNotices({ ...notices, db, log, clock: systemClock }, shutdown);
  startReaper({ db, log, metrics, monotonicMs: systemClock.monotonicMs, ...reaper }, shutdown);
  if (reconcile) await startReconcileJobs(reconcile.jobs, { ...reconcile, db, log, metrics, nowMs: systemClock.nowMs });
  if (exports) {
    watchExports(db, metrics, shutdown);
    await startExportJobs({ ...exports, log, metrics, nowMs: systemClock.nowMs });
  }
  shutdown.register('worker', CLOSE_MS_MAX, () => app.close());
  return {
    rateOnce: () => loop.rateOnce(),
    problem: () => (loop.failuresInARow === 0 ? null : 'usage is not being rated: the last pass failed, see the log'),
  };
}

function reports(log: Log): Pick<RatingLoopOptions, 'onPass' | 'onFailure'> {
  return {
    onPass: ({ rated, unrated, setAside }) => {
      if (rated > 0) log.debug({ event: 'usage_rated', count: rated }, 'usage rated');
      if (unrated > 0)
        log.warn(
          { event: 'usage_unrated', count: unrated },
          'usage without a price: see `cli costs --unrated`, then `cli price import`',
        );
      for (const { id, why } of setAside)
        log.error(
          { event: 'usage_set_aside', name: id, reason: why },
          'usage cannot be posted and waits for a person: see `cli costs --unrated`',
        );
    },
    onFailure: (error, failuresInARow) => {
      const fields = { event: 'rating_failed', count: failuresInARow, err: error };
      if (isDatabaseUnavailable(error)) log.warn(fields, 'the database is away; rating goes on when it is back');
      else log.error(fields, 'rating failed and is tried again');
    },
  };
}
