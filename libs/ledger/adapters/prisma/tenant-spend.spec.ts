import { jest } from '@jest/globals';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import type { Database } from '@trunkline/platform/database';
import { importRows, journal, OTHER_TENANT, TENANT, usage, VOICE_PRICES } from '../../test/usage.js';
import { postBatch, recomputeSpend, recomputeSpendSince, spendHourOf } from './index.js';

jest.setTimeout(60_000);

let postgres: TestPostgres;
let db: Database;
beforeAll(async () => {
  postgres = await startTestPostgres();
  ({ db } = postgres);
  const books = await importRows(db, VOICE_PRICES);
  const at = (instant: string, tenantId = TENANT) => usage({ tenantId, at: instant });
  await journal(
    db,
    at('2026-11-21T12:00:00Z'),
    at('2026-11-21T12:59:59.999Z'),
    at('2026-11-21T13:00:00Z'),
    at('2026-11-21T12:30:00Z', OTHER_TENANT),
  );
  await postBatch(db, books);
});
afterEach(() => db.$executeRaw`TRUNCATE tenant_spend`);
afterAll(() => postgres.stop());

const HOUR = { tenantId: TENANT, hourMs: Date.parse('2026-11-21T12:00:00Z') };
const rows = () => db.$queryRaw`
  SELECT tenant_id AS tenant, extract(hour FROM hour AT TIME ZONE 'UTC')::int AS hour, amount::text
    FROM tenant_spend ORDER BY 1, 2`;
// Each event costs 1,000 x 4 + 100 x 64 per million, once as a charge; what it cost us is not in it.
const EACH = '0.010400000000';
const TWICE = '0.020800000000';

describe('what tenants spent by the hour', () => {
  it('is the sum of the charges of that hour and tenant', async () => {
    await recomputeSpend(db, [HOUR]);
    expect(await rows()).toEqual([{ tenant: TENANT, hour: 12, amount: TWICE }]);
  });

  it('comes out the same however often it is computed, and by several at once', async () => {
    await Promise.all([recomputeSpend(db, [HOUR]), recomputeSpend(db, [HOUR]), recomputeSpendSince(db, HOUR.hourMs)]);
    expect(await rows()).toContainEqual({ tenant: TENANT, hour: 12, amount: TWICE });
  });

  it('is corrected when the row is wrong', async () => {
    await recomputeSpend(db, [HOUR]);
    await db.$executeRaw`UPDATE tenant_spend SET amount = 99`;
    await recomputeSpend(db, [HOUR]);
    expect(await rows()).toEqual([{ tenant: TENANT, hour: 12, amount: TWICE }]);
  });

  it('finds every hour since an instant of every known tenant', async () => {
    await db.$executeRaw`
      INSERT INTO tenant (id, slug, name, status) VALUES (${TENANT}, 'one', 'One', 'active') ON CONFLICT DO NOTHING`;
    await recomputeSpendSince(db, HOUR.hourMs + 1);
    expect(await rows()).toEqual([
      { tenant: TENANT, hour: 12, amount: TWICE },
      { tenant: TENANT, hour: 13, amount: EACH },
    ]);
  });

  it('knows the hour of a usage', () => {
    expect(spendHourOf(usage({ at: '2026-11-21T12:59:59.999Z' }))).toEqual(HOUR);
  });
});
