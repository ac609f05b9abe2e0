// How far the books lag, as gauges: what waits to be rated, and what waits for a price or a person. Looked up on a timer,
// not on a scrape, so that a database that is away never holds up the metrics; then the last figures stay.
import { ledgerLag } from '@trunkline/ledger/adapters/prisma';
import type { Database } from '@trunkline/platform/database';
import type { Shutdown } from '@trunkline/platform/shutdown';
import type { Metrics } from '@trunkline/telemetry/adapters/prom';

const LOOK_MS = 5_000;
const STOP_MS_MAX = 1_000;

/** Keeps the gauges fresh until shutdown. */
export function watchLedger(db: Database, metrics: Metrics, shutdown: Shutdown): void {
  const lagSeconds = metrics.gauge('ledgerLag');
  const unrated = metrics.gauge('usageWaiting', { state: 'unrated' });
  const parked = metrics.gauge('usageWaiting', { state: 'parked' });
  let looking = false;
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    try {
      const lag = await ledgerLag(db);
      lagSeconds.set(lag.oldestPendingMs / 1000);
      unrated.set(lag.unrated);
      parked.set(lag.parked);
    } catch {
      // The rating loop meets the same database and says so.
    } finally {
      looking = false;
    }
  };
  const timer = setInterval(() => void look(), LOOK_MS).unref();
  shutdown.register('ledger watch', STOP_MS_MAX, () => clearInterval(timer));
}
