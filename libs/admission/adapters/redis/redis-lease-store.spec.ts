import fc from 'fast-check';
import { Cluster, Redis } from 'ioredis';
import { startTestRedis, type TestRedis } from '../../../../test/support/redis.js';
import { FAIR_CAP_CASES } from '../../core/fair-cap.conformance.js';
import { confirmed, lineRequest } from '../../core/lease-builders.conformance.js';
import { leaseOperations } from '../../core/lease-operations.conformance.js';
import { replay } from '../../core/lease-model.conformance.js';
import { LEASE_STORE_CASES, type LeaseStoreUnderTest } from '../../core/lease-store.conformance.js';
import { DEFAULT_LEASE_TERMS } from '../../index.js';
import { RedisLeaseStore } from './redis-lease-store.js';
import { SET_CLOCK, setClock } from './set-clock.conformance.js';

// Silences and recovery windows are for redis-outage.spec.ts; here the store is never silent.
const terms = { ...DEFAULT_LEASE_TERMS, silenceMaxMs: 1e12 };
// Thousands of round trips to a server that shares its core with other tests.
const SLOW_MS = 60_000;

const START_MS = 1_795_000_000_000;

async function freshStore(redis: Redis | Cluster): Promise<LeaseStoreUnderTest> {
  await redis.flushall();
  await setClock(redis, START_MS);
  const store = new RedisLeaseStore(redis, { terms, deadlineMs: 5_000, clock: SET_CLOCK });
  await store.open(true);
  let nowMs = START_MS;
  const advance = async (ms: number): Promise<void> => {
    nowMs += ms;
    await setClock(redis, nowMs);
  };
  return { store, terms, advance };
}

describe('the Redis lease store', () => {
  let server: TestRedis;
  let redis: Redis;
  beforeAll(async () => {
    server = await startTestRedis();
    redis = new Redis(server.url);
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  it.each([...LEASE_STORE_CASES, ...FAIR_CAP_CASES])(
    '$guarantee',
    async ({ check }) => check(await freshStore(redis)),
    SLOW_MS,
  );

  it(
    'agrees with the state machine on any operations',
    async () => {
      await fc.assert(
        fc.asyncProperty(leaseOperations(), async (operations) =>
          replay(await freshStore(redis), operations, START_MS),
        ),
        { numRuns: 100 },
      );
    },
    SLOW_MS,
  );
});

describe('the waiting line in Redis', () => {
  let server: TestRedis;
  let redis: Redis;
  beforeAll(async () => {
    server = await startTestRedis();
    redis = new Redis(server.url);
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  it('is read once for all the calls of a step that join another pool', async () => {
    const { store } = await freshStore(redis);
    const calls = 100;
    const plan = { waitingMax: calls, waitingPerTenantMax: calls };
    const full = { caps: { pool: 1 }, plan };
    await confirmed(store, { session: 'a', ...full });
    await confirmed(store, { session: 'b', ...full, ids: { pool: 'b' } });
    const ids = Array.from({ length: calls }, (_, i) => `w${i}`);
    for (const session of ids) await store.acquire(lineRequest({ session, ...full, mayWait: true }));
    await redis.config('RESETSTAT');
    await store.attend(ids.map((session) => lineRequest({ session, ...full, alsoIn: ['b'] })));
    const reads = Number(/cmdstat_zrange:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1]);
    expect(reads).toBeLessThan(calls / 2);
    expect((await store.view(lineRequest({ ids: { pool: 'b' } }).plan.poolId)).waiting).toHaveLength(calls);
  });

  it('is not read while the pools that are waited for are full, whatever other pools there are', async () => {
    const { store } = await freshStore(redis);
    const full = { caps: { pool: 1 } };
    await confirmed(store, { session: 'a', ...full });
    await store.acquire(lineRequest({ session: 'w', ...full, mayWait: true }));
    // A pool that has lines nobody asks for, or was removed.
    await store.release(await confirmed(store, { session: 'b', ...full, ids: { pool: 'b' } }));
    await redis.config('RESETSTAT');
    await store.renew([]);
    expect(await redis.info('commandstats')).not.toContain('cmdstat_zrange:');
    const [joining] = await store.attend([lineRequest({ session: 'w', ...full, alsoIn: ['b'] })]);
    expect(joining?.kind).toBe('granted');
  });

  it('is not read by calls for a pool that nobody waits for, whether they are admitted, refused or over', async () => {
    const { store } = await freshStore(redis);
    const full = { caps: { pool: 1 } };
    const elsewhere = { caps: { pool: 1 }, ids: { pool: 'b' } };
    await confirmed(store, { session: 'a', ...full });
    const reads = async (): Promise<number> => {
      await redis.config('RESETSTAT');
      const lease = await confirmed(store, { session: 'b', ...elsewhere });
      expect((await store.acquire(lineRequest({ session: 'c', ...elsewhere }))).kind).toBe('denied');
      await store.release(lease);
      return Number(/cmdstat_zrange:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0);
    };
    const withNobody = await reads();
    await store.acquire(lineRequest({ session: 'w', ...full, mayWait: true }));
    expect(await reads()).toBe(withNobody);
    // Who is the first to wait there is known to whoever frees a line of it.
    const lease = await confirmed(store, { session: 'd', ...elsewhere });
    const waiting = lineRequest({ session: 'e', ...elsewhere, mayWait: true });
    expect((await store.acquire(waiting)).kind).toBe('waiting');
    await store.release(lease);
    expect((await store.attend([waiting]))[0]?.kind).toBe('granted');
  });

  it('that somebody left is found empty once, and not read for that pool again', async () => {
    const { store } = await freshStore(redis);
    const [full, elsewhere] = [{ caps: { pool: 1 } }, { caps: { pool: 1 }, ids: { pool: 'b' } }];
    await confirmed(store, { session: 'a', ...full });
    await confirmed(store, { session: 'b', ...elsewhere });
    await store.acquire(lineRequest({ session: 'w', ...full, mayWait: true }));
    const left = lineRequest({ session: 'x', ...elsewhere, mayWait: true });
    await store.acquire(left);
    await store.leave(left);
    const reads = async (): Promise<number> => {
      await redis.config('RESETSTAT');
      expect((await store.acquire(lineRequest({ session: 'c', ...elsewhere }))).kind).toBe('denied');
      return Number(/cmdstat_zrange:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0);
    };
    const first = await reads();
    expect(await reads()).toBe(first - 1);
  });

  it('has nobody who counts on a line that an older process dropped without a word', async () => {
    const { store } = await freshStore(redis);
    const ended = await confirmed(store, { session: 'a', caps: { pool: 1 } });
    await store.ending(ended);
    const again = lineRequest({ session: 'b', caps: { pool: 1 } });
    expect(await store.acquire(again)).toMatchObject({ kind: 'denied', ownLineEnds: true });
    await redis.hdel('{trunkline}:lines', ended.sessionId);
    expect(await store.acquire(again)).toMatchObject({ kind: 'denied', ownLineEnds: false });
  });

  it('keeps no count of an older release once the last line is settled that may be in it', async () => {
    const { store } = await freshStore(redis);
    const [first, last] = [await confirmed(store, { session: 'a' }), await confirmed(store, { session: 'b' })];
    const { poolId, family, keyId } = first.place;
    const counted = `ending|${poolId}|${family}|${keyId}`;
    await redis.hset('{trunkline}:state', counted, 2);
    await Promise.all([store.ending(first), store.ending(last)]);
    await store.release(first);
    expect(await redis.hget('{trunkline}:state', counted)).toBe('2');
    await store.release(last);
    expect(await redis.hget('{trunkline}:state', counted)).toBeNull();
  });
});

describe('the lease store on a Redis cluster', () => {
  let server: TestRedis;
  let cluster: Cluster;
  beforeAll(async () => {
    server = await startTestRedis({ cluster: true });
    cluster = new Cluster([{ host: '127.0.0.1', port: server.port }]);
  });
  afterAll(async () => {
    cluster.disconnect();
    await server.stop();
  });

  it.each([...LEASE_STORE_CASES, ...FAIR_CAP_CASES])(
    '$guarantee',
    async ({ check }) => check(await freshStore(cluster)),
    SLOW_MS,
  );
});
