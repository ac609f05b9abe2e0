// How the pools stand, as gauges, looked up when a scrape asks. The worker exports them and nobody else: lines are counted
// in one place, and ten gateways that said the same number would be summed up by somebody (ADR 073). Guarantees that
// however many scrape, the store of lines is asked once in five seconds, and that a scrape waits two seconds at most. While
// the store is away the last numbers stay for half a minute, then there are none: an old number is worse than no number.
import { setTimeout as delay } from 'node:timers/promises';
import type { LeaseStore, PoolStatus } from '@trunkline/admission';
import { poolStatusIn } from '@trunkline/admission/adapters/policy';
import type { Clock } from '@trunkline/kernel';
import type { Log } from '@trunkline/platform/logging';
import type { Metrics } from '@trunkline/telemetry/adapters/prom';
import type { FreshPolicy } from '@trunkline/tenancy';
import { setPoolTables } from './pool-tables.js';

const FRESH_MS = 5_000;
const KEEP_MS = 30_000;
const SCRAPE_WAITS_MS = 2_000;

/** What the watch works with. */
export interface PoolWatchParts {
  readonly lines: Pick<LeaseStore, 'view'>;
  readonly policy: Pick<FreshPolicy, 'current'>;
  readonly metrics: Pick<Metrics, 'onScrape' | 'setTable'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Has every scrape tell how the pools stand. */
export function watchPools(parts: PoolWatchParts): void {
  const watch = new PoolWatch(parts);
  parts.metrics.onScrape(() => watch.collect());
}

/** How the pools stand now. Rejects while the store of lines is away. */
export async function poolStatuses({
  lines,
  policy,
  clock,
}: Pick<PoolWatchParts, 'lines' | 'policy' | 'clock'>): Promise<readonly PoolStatus[]> {
  const snapshot = await policy.current();
  const statuses: PoolStatus[] = [];
  // One after the other: each takes the store some milliseconds that calls wait for.
  for (const pool of snapshot.pools.values()) {
    const view = await lines.view(pool.id);
    statuses.push(poolStatusIn(snapshot, pool, { view, nowMs: clock.nowMs(), page: null }));
  }
  return statuses;
}

class PoolWatch {
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | null = null;
  #isAway = false;

  constructor(private readonly parts: PoolWatchParts) {}

  /** Never rejects: the other metrics are worth a scrape without these. */
  async collect(): Promise<void> {
    if (this.#ageMs() >= FRESH_MS) {
      this.#looking ??= this.#look().finally(() => (this.#looking = null));
      await within(SCRAPE_WAITS_MS, this.#looking);
    }
    if (this.#ageMs() >= KEEP_MS) setPoolTables(this.parts.metrics, []);
  }

  async #look(): Promise<void> {
    const { metrics, clock, log } = this.parts;
    try {
      setPoolTables(metrics, await poolStatuses(this.parts));
      this.#lookedAtMs = clock.monotonicMs();
      this.#isAway = false;
    } catch (error) {
      if (!this.#isAway) log.warn({ event: 'pools_unseen', err: error }, 'how the pools stand cannot be told');
      this.#isAway = true;
    }
  }

  #ageMs(): number {
    return this.parts.clock.monotonicMs() - this.#lookedAtMs;
  }
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  const done = new AbortController();
  const late = delay(ms, undefined, { signal: done.signal }).catch(() => undefined);
  await Promise.race([work, late]);
  done.abort();
}
