// What the tables say of months, whoever did it and in which process: those that are over and not closed, steps of closing one
// that were refused, and when a day was last compared with the vendor's books. Looked up on a timer, not on a scrape, like the
// lag of the books; a month changes by the hour and not by the second, so seldom.
import { CLOSE_STEPS, countRefusedCloses, overduePeriods, type CloseStep } from '@trunkline/ledger/adapters/prisma';
import type { Database } from '@trunkline/platform/database';
import type { Shutdown } from '@trunkline/platform/shutdown';
import { findSources, lastReconciledMs, type SourceSettings } from '@trunkline/reporting/adapters/prisma';
import type { Metrics } from '@trunkline/telemetry/adapters/prom';

const LOOK_MS = 60_000;
const STOP_MS_MAX = 1_000;

/** What is looked at. */
export interface PeriodWatch {
  readonly db: Database;
  readonly metrics: Metrics;
  /** How pools are found in their vendor's books; null: this worker compares none. */
  readonly sources: SourceSettings | null;
}

/** Keeps the gauges fresh until shutdown. */
export function watchPeriods({ db, metrics, sources }: PeriodWatch, shutdown: Shutdown): void {
  const reportRefused = refusedCloses(db, metrics);
  let looking = false;
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    try {
      await reportPeriods(db, metrics);
      await reportRefused();
      if (sources) await reportLastReconciled(db, metrics, sources);
    } catch {
      // The rating loop meets the same database and says so; the last figures stay.
    } finally {
      looking = false;
    }
  };
  const timer = setInterval(() => void look(), LOOK_MS).unref();
  void look();
  shutdown.register('period watch', STOP_MS_MAX, () => clearInterval(timer));
}

/** Looks once. */
export async function reportPeriods(db: Database, metrics: Pick<Metrics, 'gauge'>): Promise<void> {
  const { open, softClosed, closeAsked, oldestMs } = await overduePeriods(db);
  metrics.gauge('periodsOverdue', { state: 'open' }).set(open);
  metrics.gauge('periodsOverdue', { state: 'soft_closed' }).set(softClosed);
  metrics.gauge('periodsOverdue', { state: 'close_asked' }).set(closeAsked);
  metrics.gauge('periodOldestAge').set(oldestMs / 1000);
}

/** Looks once. A run at a terminal counts as one of a worker does. A pool that nobody can compare any more has no series. */
export async function reportLastReconciled(
  db: Database,
  metrics: Pick<Metrics, 'setTable'>,
  settings: SourceSettings,
): Promise<void> {
  const { sources } = await findSources(db, settings);
  const lastMs = await lastReconciledMs(
    db,
    sources.map(({ poolId }) => poolId),
  );
  const rows = sources.flatMap(({ poolId, poolSlug: pool }) => {
    const ms = lastMs.get(poolId);
    return ms === undefined ? [] : [{ labels: { pool }, value: ms / 1000 }];
  });
  metrics.setTable('reconcileLast', rows);
}

/**
 * Keeps the counters of refused steps at what the books say, since they began: a worker that starts again goes on where the
 * last one was.
 */
export function refusedCloses(db: Database, metrics: Pick<Metrics, 'counter'>): () => Promise<void> {
  const told = new Map<CloseStep, number>();
  return async () => {
    const counts = await countRefusedCloses(db);
    for (const step of CLOSE_STEPS) {
      const count = counts.get(step) ?? 0;
      metrics.counter('periodCloseRefused', { step }).add(Math.max(0, count - (told.get(step) ?? 0)));
      told.set(step, count);
    }
  };
}
