import { systemClock } from '@trunkline/kernel';
import { eventually } from '../../../../test/support/poll.js';
import { startTestRedis, type TestRedis } from '../../../../test/support/redis.js';
import { acquired, held, lineRequest } from '../../core/lease-builders.conformance.js';
import { LeaseKeeper, leaseTerms, type LeaseKeeperEvent } from '../../index.js';
import type { RedisClient } from './client.js';
import { connectLeaseRedis } from './connect.js';
import { RedisLeaseStore } from './redis-lease-store.js';

// The shortest life there is, so that real outages fit into a test.
const terms = leaseTerms({ confirmedMs: 4_000 });
const caps = { pool: 3 };

/** Waits as production does, in steps that a test may take. */
async function wait(ms: number, signal: AbortSignal): Promise<void> {
  const endMs = performance.now() + ms;
  await eventually('the next tick', () => (signal.aborted || performance.now() >= endMs ? true : null));
}

describe('a keeper of leases in a real Redis', () => {
  let server: TestRedis;
  let redis: RedisClient;
  let store: RedisLeaseStore;
  let keeper: LeaseKeeper;
  let running: Promise<void>;
  const stop = { controller: new AbortController() };
  const lost: string[] = [];
  let fenced: boolean;

  beforeEach(async () => {
    server = await startTestRedis();
    redis = await connectLeaseRedis({ address: server.address, onError: () => undefined });
    store = new RedisLeaseStore(redis, { terms });
    await store.open(true);
    lost.length = 0;
    fenced = false;
    const observe = ({ kind }: LeaseKeeperEvent): void => {
      if (kind === 'fenced' || kind === 'renewed') fenced = kind === 'fenced';
    };
    const parts = { store, terms, clock: systemClock, random: Math.random, wait, heldMax: 10 };
    keeper = new LeaseKeeper({ ...parts, observe, whenUnreachable: 'keep' });
    stop.controller = new AbortController();
    running = keeper.run(stop.controller.signal);
    for (const session of ['a', 'b', 'c'])
      await keeper.confirm(await acquired(store, { session, caps }), (lease) => void lost.push(lease.sessionId));
  }, 30_000);
  afterEach(async () => {
    stop.controller.abort();
    await running;
    redis.disconnect();
    await server.stop();
  }, 30_000);

  async function comesBack(): Promise<void> {
    await eventually('the leases are back', async () => {
      const lines = await held(store).catch(() => 0);
      return lines === 3 && !fenced ? true : null;
    });
    expect(lost).toEqual([]);
    const newcomer = await store.acquire(lineRequest({ session: 'd', caps }));
    expect(['recovering', 'denied']).toContain(newcomer.kind);
  }

  it('keeps its sessions through a stall that outlives their leases, and nobody gets their lines', async () => {
    server.stall();
    await eventually('the fence', () => (fenced ? true : null));
    const startedMs = performance.now();
    await eventually('the leases lapsed', () => (performance.now() - startedMs > terms.confirmedMs ? true : null));
    server.resume();
    await comesBack();
  }, 30_000);

  it('keeps its sessions through a crash that loses every lease, and nobody gets their lines', async () => {
    await server.kill();
    await eventually('the fence', () => (fenced ? true : null));
    await server.restartEmpty();
    await comesBack();
  }, 30_000);

  it('keeps its sessions through a flush', async () => {
    await redis.flushall();
    await comesBack();
  }, 30_000);

  it('leaves lines that are free within the life of a lease when its process dies', async () => {
    stop.controller.abort();
    await running;
    const diedMs = performance.now();
    await eventually('the lines are free', async () => {
      // Some other replica lives on.
      await store.renew([]);
      return (await held(store)) === 0 ? true : null;
    });
    expect(performance.now() - diedMs).toBeLessThan(terms.confirmedMs + 1_000);
    await acquired(store, { session: 'd', caps: { pool: 1 } });
  }, 30_000);
});
