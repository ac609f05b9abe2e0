// How long the review queue is, as gauges. Looked up on a timer, like the lag of the books: see watch-ledger.ts.
import { reviewDepth } from '@trunkline/moderation/adapters/prisma';
import type { Database } from '@trunkline/platform/database';
import type { Shutdown } from '@trunkline/platform/shutdown';
import type { Metrics } from '@trunkline/telemetry/adapters/prom';

const LOOK_MS = 10_000;
const STOP_MS_MAX = 1_000;

/** Keeps the gauges fresh until shutdown. */
export function watchReviews(db: Database, metrics: Metrics, shutdown: Shutdown): void {
  const open = metrics.gauge('reviewItems', { state: 'open' });
  const assigned = metrics.gauge('reviewItems', { state: 'assigned' });
  const oldest = metrics.gauge('reviewOldest');
  let looking = false;
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    try {
      const depth = await reviewDepth(db);
      open.set(depth.open);
      assigned.set(depth.assigned);
      oldest.set(depth.oldestMs / 1000);
    } catch {
      // The rating loop meets the same database and says so.
    } finally {
      looking = false;
    }
  };
  const timer = setInterval(() => void look(), LOOK_MS).unref();
  shutdown.register('review watch', STOP_MS_MAX, () => clearInterval(timer));
}
