// What the tables say of exports that did not come to their end, whichever worker tried. Looked up on a timer, not on a scrape.
import type { Database } from '@trunkline/platform/database';
import type { Shutdown } from '@trunkline/platform/shutdown';
import { exportTrouble } from '@trunkline/reporting/adapters/prisma';
import type { Metrics } from '@trunkline/telemetry/adapters/prom';

const LOOK_MS = 30_000;
const STOP_MS_MAX = 1_000;

/** Keeps the gauges fresh until shutdown. */
export function watchExports(db: Database, metrics: Metrics, shutdown: Shutdown): void {
  let looking = false;
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    try {
      await reportExports(db, metrics);
    } catch {
      // The rating loop meets the same database and says so; the last figures stay.
    } finally {
      looking = false;
    }
  };
  const timer = setInterval(() => void look(), LOOK_MS).unref();
  void look();
  shutdown.register('export watch', STOP_MS_MAX, () => clearInterval(timer));
}

/** Looks once. */
export async function reportExports(db: Database, metrics: Pick<Metrics, 'gauge'>): Promise<void> {
  const { runs, deliveries } = await exportTrouble(db);
  for (const [what, { retrying, failed }] of [
    ['run', runs],
    ['delivery', deliveries],
  ] as const) {
    metrics.gauge('exportTrouble', { what, state: 'retrying' }).set(retrying);
    metrics.gauge('exportTrouble', { what, state: 'failed' }).set(failed);
  }
}
