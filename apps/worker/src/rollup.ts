// Sums up what was booked, soon after: each second what is due by then, or, when that takes long, as often as leaves the
// database four fifths of the time for posting. What is due is in the database, so a worker that is killed forgets nothing.
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '@trunkline/kernel';
import type { Database } from '@trunkline/platform/database';
import type { Log } from '@trunkline/platform/logging';
import type { Shutdown } from '@trunkline/platform/shutdown';
import { rollUpDue } from '@trunkline/reporting/adapters/prisma';

// Budgets are promised to see the ledger within two seconds.
const PAUSE_MS = 1_000;
const PAUSE_PER_WORK = 4;
// The hour of a thousand events a second takes long to sum up; dashboards may be this old then.
const PAUSE_MS_MAX = 60_000;
const STOP_MS_MAX = 10_000;

/** What the rollup works with. */
export interface RollupParts {
  readonly db: Database;
  readonly log: Log;
  readonly clock: Clock;
}

/** Runs it until shutdown, which sums up once more. */
export function startRollup(parts: RollupParts, shutdown: Shutdown): void {
  const stopping = new AbortController();
  const running = run(parts, stopping.signal);
  shutdown.register('rollup', STOP_MS_MAX, async () => {
    stopping.abort();
    await running;
    await pass(parts);
  });
}

async function run(parts: RollupParts, stopping: AbortSignal): Promise<void> {
  while (!stopping.aborted) {
    const startedMs = parts.clock.monotonicMs();
    const more = await pass(parts);
    const tookMs = parts.clock.monotonicMs() - startedMs;
    const pauseMs = more ? tookMs : Math.min(PAUSE_MS_MAX, Math.max(PAUSE_MS, tookMs * PAUSE_PER_WORK));
    await delay(pauseMs, undefined, { signal: stopping }).catch(() => undefined);
  }
}

// Never rejects: what failed is still due.
async function pass({ db, log }: RollupParts): Promise<boolean> {
  try {
    return (await rollUpDue(db)).more;
  } catch (error) {
    log.warn({ event: 'rollup_failed', err: error }, 'what was booked could not be summed up yet');
    return false;
  }
}
