// The policy and the prices in force in this process: loaded once before anybody is let in, then kept fresh in the
// background. While the database is away the last good ones stay.
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '@trunkline/platform/logging';
import type { Shutdown } from '@trunkline/platform/shutdown';
import type { PriceBooks } from '@trunkline/rating';
import { PolicyRefresher, SnapshotHolder, type PolicySource } from '@trunkline/tenancy';
import type { Metrics } from '@trunkline/telemetry/adapters/prom';

/** Where policy and prices come from. */
export interface PolicyOptions {
  readonly policy: PolicySource;
  readonly prices: PriceSource;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly shutdown: Shutdown;
}

/** Where prices come from. `revision` is cheap and differs after every import. */
export interface PriceSource {
  revision(): Promise<string>;
  load(): Promise<{ readonly books: PriceBooks; readonly revision: string }>;
}

/** What is in force. */
export interface OpenPolicy {
  readonly holder: SnapshotHolder;
  readonly prices: () => PriceBooks;
}

const STOP_MS_MAX = 5_000;
const PRICES_EVERY_MS = 5_000;

/** Loads both and keeps them fresh. Rejects when the first load fails. */
export async function openPolicy(options: PolicyOptions): Promise<OpenPolicy> {
  const { log, metrics, shutdown } = options;
  const holder = new SnapshotHolder(await options.policy.load());
  const stop = new AbortController();
  let currentAtMs = performance.now();
  const source: PolicySource = {
    load: () => options.policy.load(),
    version: async () => {
      const version = await options.policy.version();
      currentAtMs = performance.now();
      return version;
    },
  };
  const refresher = new PolicyRefresher({
    source,
    holder,
    random: Math.random,
    wait: pause,
    observe: (event) => {
      if (event.kind === 'swapped') log.info({ event: 'policy_swapped', version: String(event.version) }, 'new policy');
      else log.warn({ event: event.kind, err: event.error }, 'the policy could not be refreshed');
    },
  });
  metrics.onScrape(() => metrics.gauge('policyAge').set((performance.now() - currentAtMs) / 1000));
  const prices = await freshPrices(options, stop.signal);
  const running = Promise.all([refresher.run(stop.signal), prices.running]);
  shutdown.register('policy refresh', STOP_MS_MAX, async () => {
    stop.abort();
    await running;
  });
  return { holder, prices: prices.current };
}

async function freshPrices({ prices, log }: PolicyOptions, signal: AbortSignal) {
  let loaded = await prices.load();
  const refresh = async (): Promise<void> => {
    while (!signal.aborted) {
      await pause(PRICES_EVERY_MS, signal);
      try {
        if (!signal.aborted && (await prices.revision()) !== loaded.revision) loaded = await prices.load();
      } catch (error) {
        log.warn({ event: 'prices_stale', err: error }, 'the prices could not be refreshed');
      }
    }
  };
  return { current: () => loaded.books, running: refresh() };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
