import { randomBytes } from 'node:crypto';
import { systemClock } from '@trunkline/kernel';
import { openLog } from '@trunkline/platform/logging';
import { Shutdown } from '@trunkline/platform/shutdown';
import { keyHasher } from '@trunkline/tenancy';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { startApi, type RunningApi } from '../index.js';

const TOKEN = 'the-token-of-the-operator';
const NOON = Date.parse('2026-11-21T12:00:00Z');
const TENANT = 'tnt_00000000000000000000000001';

let postgres: TestPostgres;
let api: RunningApi;
const shutdown = new Shutdown(() => undefined);
beforeAll(async () => {
  postgres = await startTestPostgres();
  const { db } = postgres;
  const clock = { nowMs: () => NOON, monotonicMs: () => systemClock.monotonicMs() };
  const tenancy = { db, clock, randomBytes, hashKey: keyHasher('pepper-of-the-rollup-spec-0123456789') };
  const listener = { host: '127.0.0.1', port: 0, log: openLog('silent', process.stderr), shutdown };
  api = await startApi({ db, tenancy, upstream: 'vendor', lines: null, operatorToken: TOKEN, ...listener });
  await db.$executeRaw`
    INSERT INTO usage_rollup_day
    SELECT ${TENANT}, day::date, '2026-11', 'key_1', 'pool_1', 'gpt-realtime', meter, 'reported', 1000.5, 0.004, 0.003, 2, 1
      FROM generate_series('2026-11-20'::timestamp, '2026-11-21', '1 day') day, (VALUES ('input_text'), ('output_audio')) m(meter)`;
  await db.$executeRaw`
    INSERT INTO tenant_rollup_day
    SELECT tenant_id, day, usage_period, pool_id, model, meter, evidence, quantity, tenant_charge, provider_cost, readings, events
      FROM usage_rollup_day`;
  await db.$executeRaw`
    INSERT INTO usage_rollup_hour
    SELECT ${TENANT}, '2026-11-21T10:00:00Z', '2026-11', 'key_' || n, 'pool_1', 'gpt-realtime', 'input_text', 'reported',
           1, 1, 1, 1, 1 FROM generate_series(1, 10001) n`;
}, 60_000);
afterAll(async () => {
  await shutdown.run();
  await postgres.stop();
});

const get = async (query: string) => {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const response = await fetch(`${api.apiUrl}/usage/rollup${query}`, { headers });
  return { status: response.status, type: response.headers.get('content-type'), body: await response.json() };
};

describe('the rollup of the API', () => {
  it('gives the last 30 days and today by day unless told, as decimal strings', async () => {
    const { status, body } = await get(`?tenant=${TENANT}&by=tenant,direction`);
    expect(status).toBe(200);
    const row = {
      tenant: TENANT,
      quantity: { tokens: '1000.5' },
      tenantCharge: '0.004',
      providerCost: '0.003',
      events: null,
    };
    expect(body).toEqual({
      ...{
        from: '2026-10-23T00:00:00.000Z',
        to: '2026-11-22T00:00:00.000Z',
        bucket: 'day',
        by: ['tenant', 'direction'],
      },
      currency: 'USD',
      rows: ['2026-11-20', '2026-11-21'].flatMap((bucket) => [
        { bucket, direction: 'input', ...row },
        { bucket, direction: 'output', ...row },
      ]),
    });
  });

  it('takes tenants by slug, and finds nothing of a name that nobody has', async () => {
    const data = { id: TENANT, slug: 'acme', name: 'Acme', status: 'active' };
    await postgres.db.tenant.create({ data });
    const { body } = await get('?tenant=acme,nobody&by=tenant&bucket=total');
    expect(body).toMatchObject({ rows: [{ tenant: TENANT }] });
    expect((await get('?tenant=nobody&by=tenant&bucket=total')).body).toMatchObject({ rows: [] });
  });

  it('refuses a bad query by parameter', async () => {
    const { status, type, body } = await get('?from=2026-11-01T10:30:00Z&bucket=hour');
    expect([status, type]).toEqual([400, 'application/problem+json; charset=utf-8']);
    expect(body).toMatchObject({
      code: 'invalid_query',
      errors: [{ parameter: 'from', detail: 'must be a full hour UTC' }],
    });
    for (const query of ['?bucket=week', '?by=colour', '?by=model,model', '?model=', '?from=yesterday', '?limit=1'])
      expect({ query, ...(await get(query)) }).toMatchObject({ query, status: 400, body: { code: 'invalid_query' } });
  });

  it('refuses an answer that is too long for a chart, and says what to ask for', async () => {
    const { status, body } = await get('?bucket=hour&by=key&from=2026-11-21&to=2026-11-22');
    expect(status).toBe(400);
    expect(body).toMatchObject({ detail: expect.stringContaining('coarser bucket') });
  });

  it('is for whoever is signed in', async () => {
    expect((await fetch(`${api.apiUrl}/usage/rollup`)).status).toBe(401);
  });
});
