import fc from 'fast-check';
import { Cluster, Redis } from 'ioredis';
import type { TenantId } from '@trunkline/kernel';
import { startTestRedis, type TestRedis } from '../../../../test/support/redis.js';
import { budgetOperations, replayBudget } from '../../core/budget/budget-model.conformance.js';
import {
  BUDGET_START_MS,
  BUDGET_STORE_CASES,
  BUDGET_TENANTS,
  type BudgetStoreUnderTest,
} from '../../core/budget/budget-store.conformance.js';
import { BudgetStoreUnavailable } from '../../index.js';
import { RedisBudgetStore } from './redis-budget-store.js';

const SLOW_MS = 60_000;
const [TENANT] = BUDGET_TENANTS as readonly [TenantId];
const NONE = { dayMax: null, monthMax: null, tokensPerMinuteMax: null };
// Beside the tenant's own keys, so that a cluster finds it in their slot.
const SET_CLOCK = `local now = tonumber(redis.call('GET', KEYS[1] .. ':test-clock'))`;

async function freshStore(redis: Redis | Cluster): Promise<BudgetStoreUnderTest> {
  await redis.flushall();
  let nowMs = BUDGET_START_MS;
  const advance = async (ms: number): Promise<void> => {
    nowMs += ms;
    for (const tenantId of BUDGET_TENANTS) await redis.set(`{test:budget:${tenantId}}:spend:test-clock`, nowMs);
  };
  await advance(0);
  return { store: new RedisBudgetStore(redis, { slot: 'test', deadlineMs: 5_000, clock: SET_CLOCK }), advance };
}

describe('the Redis budget store', () => {
  let server: TestRedis;
  let redis: Redis;
  beforeAll(async () => {
    server = await startTestRedis();
    redis = new Redis(server.url);
    redis.on('error', () => undefined);
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  it.each(BUDGET_STORE_CASES)('$guarantee', async ({ check }) => check(await freshStore(redis)), SLOW_MS);

  it(
    'agrees with the machine on any operations',
    async () => {
      await fc.assert(
        fc.asyncProperty(budgetOperations(), async (operations) => replayBudget(await freshStore(redis), operations)),
        { numRuns: 300 },
      );
    },
    SLOW_MS,
  );

  it("goes by Redis's own clock", async () => {
    await redis.flushall();
    const standing = await new RedisBudgetStore(redis, { deadlineMs: 5_000 }).look(TENANT, NONE, null);
    expect(standing).toEqual({ denial: null, crossed: [], isPrimed: false, tokens: null });
  });

  it('says quickly that Redis does not answer', async () => {
    server.stall();
    try {
      const store = new RedisBudgetStore(redis, { deadlineMs: 50 });
      await expect(store.look(TENANT, NONE, null)).rejects.toThrow(BudgetStoreUnavailable);
    } finally {
      server.resume();
    }
  });
});

describe('the budget store on a Redis cluster', () => {
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

  it.each(BUDGET_STORE_CASES)('$guarantee', async ({ check }) => check(await freshStore(cluster)), SLOW_MS);
});
