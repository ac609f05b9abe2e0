import { randomBytes } from 'node:crypto';
import {
  LeaseStoreUnavailable,
  NoSuchPage,
  poolLines,
  PoolStatusShape,
  PoolSummaryShape,
  type HeldLine,
  type PoolView,
} from '@trunkline/admission';
import { mintId, systemClock, type PoolId } from '@trunkline/kernel';
import { openLog } from '@trunkline/platform/logging';
import { Shutdown } from '@trunkline/platform/shutdown';
import { keyHasher } from '@trunkline/tenancy';
import { createTenant, ensurePool, setShare } from '@trunkline/tenancy/adapters/prisma';
import { z } from 'zod';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { startApi, type LineViews } from '../index.js';

const TOKEN = 'the-token-of-the-operator';
const NOBODY: PoolView = { held: poolLines([]), waiting: [], pausedForMs: 0, pausedFamilies: {}, recoveringMs: 0 };
const noPage = () => Promise.reject(new NoSuchPage('none'));

let postgres: TestPostgres;
const shutdown = new Shutdown(() => undefined);
beforeAll(async () => {
  postgres = await startTestPostgres();
}, 60_000);
afterAll(async () => {
  await shutdown.run();
  await postgres.stop();
});

/** An API on these lines, and a way to ask it as the operator. */
async function anApi(lines: LineViews | null) {
  const { db } = postgres;
  const tenancy = { db, clock: systemClock, randomBytes, hashKey: keyHasher('pepper-of-the-pools-spec-0123456789') };
  const listener = { host: '127.0.0.1', port: 0, log: openLog('silent', process.stderr), shutdown };
  const api = await startApi({ db, tenancy, upstream: 'vendor', lines, operatorToken: TOKEN, ...listener });
  const get = async (path: string) => {
    const response = await fetch(`${api.apiUrl}${path}`, { headers: { authorization: `Bearer ${TOKEN}` } });
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      body: await response.json(),
    };
  };
  return { tenancy, get };
}

async function aPool(tenancy: Awaited<ReturnType<typeof anApi>>['tenancy'], slug: string, sessionsMax: number) {
  const pool = await ensurePool(tenancy, { slug, sessionsMax });
  if (!pool.ok) throw new Error(pool.error.message);
  return pool.value.id;
}

const lineOf = (poolId: PoolId, at: number): HeldLine => ({
  sessionId: mintId('ses', at, randomBytes),
  replicaId: mintId('rep', 1, randomBytes),
  keyId: mintId('key', 1, randomBytes),
  tenantId: mintId('tnt', 1, randomBytes),
  poolId,
  family: 'gpt-realtime',
  state: 'confirmed',
  sinceMs: at,
  expiresInMs: 1_000,
});

describe('the pools of the API', () => {
  it('are listed in numbers, and told in full by slug or id with the policy as it is now', async () => {
    const { tenancy, get } = await anApi({ view: async () => NOBODY, page: noPage });
    const poolId = await aPool(tenancy, 'told', 10);
    const tenant = await createTenant(tenancy, { slug: 'sales', name: 'Sales' });
    if (!tenant.ok) throw new Error(tenant.error.message);
    await get('/pools');
    await setShare(tenancy, { pool: 'told', tenantId: tenant.value.id }, { floor: 3 });
    const { pools } = z.object({ pools: z.array(PoolSummaryShape) }).parse((await get('/pools')).body);
    expect(pools.find(({ pool }) => pool === 'told')).toMatchObject({
      ...{ poolId, status: 'active', totals: { cap: 10, free: 10, heldBack: 3 } },
    });
    for (const named of ['told', poolId])
      expect(PoolStatusShape.parse((await get(`/pools/${named}`)).body)).toMatchObject({
        ...{ pool: 'told', tenants: [{ tenant: 'sales', floor: 3 }], lines: [], waiting: [] },
      });
  });

  it('are told with true totals, and with lines a page at a time where these are asked for', async () => {
    const linesOf = (poolId: PoolId) => Array.from({ length: 1_500 }, (_, i) => lineOf(poolId, i));
    const { tenancy, get } = await anApi({
      view: async (poolId) => ({ ...NOBODY, held: poolLines(linesOf(poolId)) }),
      page: async ({ poolId, linesMax, after }) =>
        after === null || after === '2'
          ? { lines: linesOf(poolId).slice(0, linesMax), next: after === null ? '2' : null }
          : noPage(),
    });
    await aPool(tenancy, 'full', 2_000);
    const told = async (query: string) => PoolStatusShape.parse((await get(`/pools/full${query}`)).body);
    expect(await told('')).toMatchObject({ lines: [], nextLines: null, totals: { open: 1_500 } });
    const first = await told('?lines=1000');
    expect([first.lines.length, first.nextLines, first.totals.open]).toEqual([1_000, '2', 1_500]);
    expect((await told('?lines=10&after=2')).nextLines).toBeNull();
    for (const query of ['?lines=1001', '?lines=x', '?lines=1&after=3', '?lines=1&after=%20', '?line=1'])
      expect(await get(`/pools/full${query}`)).toMatchObject({ status: 400, body: { code: 'invalid_query' } });
  });

  it('are not found by another name', async () => {
    const { get } = await anApi({ view: async () => NOBODY, page: noPage });
    expect(await get('/pools/no-such')).toMatchObject({
      ...{ status: 404, type: 'application/problem+json; charset=utf-8', body: { code: 'pool_not_found' } },
    });
  });

  it('are not known without Redis or a gateway in this process, and the problem says what to set', async () => {
    const { get } = await anApi(null);
    for (const path of ['/pools', '/pools/default'])
      expect(await get(path)).toMatchObject({
        ...{ status: 503, type: 'application/problem+json; charset=utf-8' },
        body: { code: 'lines_not_known', detail: expect.stringContaining('REDIS_URL') },
      });
  });

  it('are not known while the store is away', async () => {
    const { tenancy, get } = await anApi({
      view: () => Promise.reject(new LeaseStoreUnavailable('disconnected')),
      page: noPage,
    });
    await aPool(tenancy, 'away', 1);
    expect(await get('/pools')).toMatchObject({ status: 503, body: { code: 'lines_unavailable' } });
  });
});
