import fc from 'fast-check';
import { Cluster, Redis } from 'ioredis';
import { startTestRedis, type TestRedis } from '../../../../test/support/redis.js';
import { leaseOperations } from '../../core/lease-operations.conformance.js';
import { replay } from '../../core/lease-model.conformance.js';
import { LEASE_STORE_CASES, type LeaseStoreUnderTest } from '../../core/lease-store.conformance.js';
import { DEFAULT_LEASE_TERMS } from '../../index.js';
import { age } from './age.conformance.js';
import { RedisLeaseStore } from './redis-lease-store.js';

const terms = DEFAULT_LEASE_TERMS;
// Thousands of round trips to a server that shares its core with other tests.
const SLOW_MS = 60_000;

async function freshStore(redis: Redis | Cluster): Promise<LeaseStoreUnderTest> {
  await redis.flushall();
  const store = new RedisLeaseStore(redis, { terms, deadlineMs: 5_000 });
  await store.open(true);
  // Another replica keeps renewing nothing of ours, so that the store is never silent.
  const advance = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= terms.renewEveryMs) {
      await age(redis, Math.min(left, terms.renewEveryMs));
      await store.renew([]);
    }
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

  it.each(LEASE_STORE_CASES)('$guarantee', async ({ check }) => check(await freshStore(redis)), SLOW_MS);

  it(
    'agrees with the model on any operations',
    async () => {
      await fc.assert(
        fc.asyncProperty(leaseOperations(), async (operations) => replay(await freshStore(redis), operations)),
        { numRuns: 100 },
      );
    },
    SLOW_MS,
  );
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

  it.each(LEASE_STORE_CASES)('$guarantee', async ({ check }) => check(await freshStore(cluster)), SLOW_MS);
});
