import { eventually } from '../../../../test/support/poll.js';
import { startTestRedis, type TestRedis } from '../../../../test/support/redis.js';
import { acquired, confirmed, held, lineRequest } from '../../core/lease-builders.conformance.js';
import { DEFAULT_LEASE_TERMS, LeaseStoreUnavailable } from '../../index.js';
import type { RedisClient } from './client.js';
import { connectLeaseRedis } from './connect.js';
import { RedisLeaseStore } from './redis-lease-store.js';
import { SET_CLOCK, setClock } from './set-clock.conformance.js';

const terms = DEFAULT_LEASE_TERMS;
const START_MS = 1_795_000_000_000;

describe('the Redis lease store in trouble', () => {
  let server: TestRedis;
  let redis: RedisClient;
  let store: RedisLeaseStore;
  let nowMs = START_MS;
  beforeEach(async () => {
    server = await startTestRedis();
    redis = await connectLeaseRedis({ address: server.address, onError: () => undefined });
    await age(0);
    store = new RedisLeaseStore(redis, { terms, clock: SET_CLOCK });
  }, 30_000);
  afterEach(async () => {
    redis.disconnect();
    server.resume();
    await server.stop();
  });

  /** Time passes, and nobody speaks. */
  async function age(ms: number): Promise<void> {
    nowMs += ms;
    await setClock(redis, nowMs);
  }

  /** Heartbeats of a living system while time passes. */
  async function beating(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 10_000) {
      await age(Math.min(left, 10_000));
      await store.renew([]);
    }
  }

  /** Redis loses everything; the hands of the clock stay where they are. */
  async function flush(): Promise<void> {
    await redis.flushall();
    await age(0);
  }

  it('admits nobody on an empty store until the recovery window has passed', async () => {
    expect(await store.acquire(lineRequest())).toEqual({ kind: 'recovering', retryAfterMs: terms.recoveryMs });
    await beating(terms.recoveryMs - 1_000);
    expect(await store.acquire(lineRequest())).toMatchObject({ kind: 'recovering' });
    await beating(1_000);
    await acquired(store);
  });

  it('has no recovery window when no session is open anywhere', async () => {
    expect(await store.open(true)).toBe(0);
    await acquired(store);
  });

  it('keeps a window open that another replica began, whatever a newcomer believes', async () => {
    expect(await store.open(false)).toBe(terms.recoveryMs);
    expect(await store.open(true)).toBeGreaterThan(0);
  });

  it('after a flush lets living sessions back in, even above a cap, and new ones only when the window is over', async () => {
    await store.open(true);
    const leases = [];
    for (const session of ['a', 'b', 'c'])
      leases.push(await confirmed(store, { session, caps: { pool: 2 + leases.length } }));
    await flush();

    expect(await store.acquire(lineRequest({ session: 'd' }))).toMatchObject({ kind: 'recovering' });
    expect(await store.renew(leases)).toEqual(leases);
    expect(await store.reregister(leases)).toEqual([]);
    expect(await held(store)).toBe(3);
    for (let i = 0; i < 3; i++) {
      await beating(10_000);
      expect(await store.renew(leases)).toEqual([]);
    }
    expect(await store.acquire(lineRequest({ session: 'd', caps: { pool: 3 } }))).toMatchObject({ kind: 'denied' });
    await acquired(store, { session: 'd', caps: { pool: 4 } });
  });

  it('takes the leases of a large replica back after a flush, however small its bound on commands under way', async () => {
    const small = new RedisLeaseStore(redis, { terms, inFlightMax: 100 });
    const leases = Array.from({ length: 3_000 }, (_, i) => ({ ...lineRequest({ session: `s${i}` }), fence: i + 1 }));
    expect(await small.reregister(leases)).toEqual([]);
    expect(await small.renew(leases)).toEqual([]);
    expect(await held(small)).toBe(3_000);
  }, 30_000);

  it('frees after a flush the lines of holders that died meanwhile', async () => {
    await store.open(true);
    await confirmed(store, { session: 'dead' });
    await flush();
    await store.renew([]);
    await beating(terms.recoveryMs);
    expect(await held(store)).toBe(0);
    await acquired(store, { session: 'new', caps: { pool: 1 } });
  });

  it('gives fences above all earlier ones after a flush', async () => {
    await store.open(true);
    const before = await acquired(store, { session: 'a' });
    await flush();
    await age(1);
    await store.open(true);
    expect((await acquired(store, { session: 'a' })).fence).toBeGreaterThan(before.fence);
  });

  it('assumes an outage after a silence in which leases could lapse, and counts the living first', async () => {
    await store.open(true);
    const lease = await confirmed(store, { session: 'a', caps: { pool: 1 } });
    await age(terms.confirmedMs + 1_000);

    expect(await store.acquire(lineRequest({ session: 'b', caps: { pool: 1 } }))).toMatchObject({ kind: 'recovering' });
    expect(await store.renew([lease])).toEqual([lease]);
    expect(await store.reregister([lease])).toEqual([]);
    expect(await held(store)).toBe(1);
  });

  it('comes back empty after a crash with the living sessions, on the same connection', async () => {
    await store.open(true);
    const lease = await confirmed(store);
    await server.restartEmpty();
    await eventually('reconnection', () =>
      age(0)
        .then(() => true)
        .catch(() => null),
    );
    const back = await eventually('re-registration', () => store.reregister([lease]).catch(() => null));
    expect(back).toEqual([]);
    expect(await held(store)).toBe(1);
  });

  it('a stalled Redis is a quick no for every call', async () => {
    await store.open(true);
    const lease = await confirmed(store);
    server.stall();
    const startedMs = performance.now();
    const calls = [
      store.acquire(lineRequest({ session: 'b' })),
      store.confirm(lease),
      store.renew([lease]),
      store.release(lease),
    ];
    for (const outcome of await Promise.allSettled(calls))
      expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'LeaseStoreUnavailable' } });
    expect(performance.now() - startedMs).toBeLessThan(1_500);
  });

  it('a stalled Redis piles up a bounded number of commands', async () => {
    await store.open(true);
    const bounded = new RedisLeaseStore(redis, { terms, inFlightMax: 10 });
    server.stall();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, i) => bounded.acquire(lineRequest({ session: `s${i}` }))),
    );
    const overloaded = outcomes.filter((each) => each.status === 'rejected' && reasonOf(each.reason) === 'overloaded');
    expect(overloaded).toHaveLength(40);
  });

  it('takes back an acquisition whose answer came too late', async () => {
    await store.open(true);
    server.stall();
    await expect(store.acquire(lineRequest())).rejects.toThrow(LeaseStoreUnavailable);
    server.resume();
    await eventually('the line is free', async () =>
      (await redis.hexists('{trunkline}:lines', 'ses_a')) > 0 ? null : true,
    );
    expect(await held(store)).toBe(0);
  });

  it('says within its deadline that Redis is gone, and counts again when it is back', async () => {
    await store.open(true);
    await server.kill();
    const startedMs = performance.now();
    await expect(store.acquire(lineRequest())).rejects.toMatchObject({ name: 'LeaseStoreUnavailable' });
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    await server.restartEmpty();
    await eventually('reconnection', () =>
      age(0)
        .then(() => true)
        .catch(() => null),
    );
    await store.open(true);
    await acquired(store);
  });

  it('says where it looked for Redis and what to do, without the password', async () => {
    await server.kill();
    const url = `redis://:hunter2@127.0.0.1:${server.port}`;
    const failed = connectLeaseRedis({
      address: { kind: 'single', url },
      readyWithinMs: 200,
      onError: () => undefined,
    });
    await expect(failed).rejects.toThrow(`Redis at 127.0.0.1:${server.port} did not answer in time. Start it, or`);
    await expect(failed).rejects.not.toThrow('hunter2');
  });
});

function reasonOf(error: unknown): string {
  return error instanceof LeaseStoreUnavailable ? error.reason : 'other';
}
