import { jest } from '@jest/globals';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { addAmounts, formatAmount, mintId, ZERO } from '@trunkline/kernel';
import type { Database } from '@trunkline/platform/database';
import { importRows, journal, KEY, newSessionId, OTHER_TENANT, TENANT, usage, VOICE_PRICES } from '../../test/usage.js';
import {
  balancesOfTenant,
  chargesOfSessions,
  costOfSession,
  costsOfAllTenants,
  costsOfTenant,
  ledgerLag,
  postBatch,
  type PostingPrices,
  stuckUsageOfAllTenants,
  stuckUsageOfTenant,
  supersededChargesOfAllTenants,
  usageOfAllTenants,
  usageOfTenant,
} from './index.js';

const OTHER_KEY = mintId('key', 1, (n) => new Uint8Array(n).fill(9));
const NOVEMBER = { fromMs: Date.parse('2026-11-01'), toMs: Date.parse('2026-12-01') };
const session = newSessionId();
const foreign = newSessionId();

// A real server on a machine that may be busy with other tests.
jest.setTimeout(60_000);

let postgres: TestPostgres;
let db: Database;
let prices: PostingPrices;
beforeAll(async () => {
  postgres = await startTestPostgres();
  db = postgres.db;
  prices = await importRows(db, [
    ...VOICE_PRICES,
    { ...VOICE_PRICES[0], meter: 'transcription_seconds', unit: 'minutes', price: '0.05' },
  ]);
  await journal(
    db,
    usage({ sessionId: session }),
    usage({ sessionId: session, counts: { input_text: 1n } }),
    usage({ sessionId: session, counts: { transcription_seconds: 7n }, at: '2026-11-22T00:00:00Z' }),
    usage({ sessionId: session, model: 'unpriced', counts: { input_text: 5n, input_audio: 6n } }),
    usage({ sessionId: session, problem: 'usage_missing', counts: {} }),
    usage({ keyId: OTHER_KEY, evidence: 'estimated', counts: { output_audio: 1_000n } }),
    usage({ at: '2026-12-01T00:00:00Z' }),
    usage({ at: '2026-11-01T00:00:00Z' }),
    usage({ tenantId: OTHER_TENANT, sessionId: foreign, counts: { input_text: 1_000_000n } }),
  );
  await postBatch(db, prices);
});
afterAll(async () => {
  await postgres.stop();
});

describe('costs', () => {
  it('are the exact sums of a tenant and nobody else, within the range', async () => {
    const [total, ...none] = await costsOfTenant(db, TENANT, { ...NOVEMBER, by: [] });
    expect(none).toEqual([]);
    // 2 x (1,000 x 4 + 100 x 64) + 1 x 4 + 1,000 x 64 per million, and 7 s at 0.05 per minute
    expect(formatAmount(total?.tenantCharge ?? ZERO)).toBe('0.090637333333');
    expect(total).toMatchObject({ providerCost: total?.tenantCharge, tenantId: null, events: 5 });
    expect(formatAmount(total?.estimatedCharge ?? ZERO)).toBe('0.064');
  });

  it('add up to the same total by whatever they are split', async () => {
    const whole = await costsOfTenant(db, TENANT, { ...NOVEMBER, by: [] });
    for (const by of [['day'], ['key'], ['model', 'day'], ['period', 'key', 'tenant', 'model', 'day']] as const) {
      const rows = await costsOfTenant(db, TENANT, { ...NOVEMBER, by });
      expect(addAmounts(...rows.map((row) => row.tenantCharge))).toBe(whole[0]?.tenantCharge);
    }
  });

  it('name the day in UTC, the key and the model', async () => {
    const rows = await costsOfTenant(db, TENANT, { ...NOVEMBER, by: ['day', 'key', 'model'] });
    expect(rows.map((row) => [row.day, row.keyId, row.model, formatAmount(row.tenantCharge)])).toEqual([
      ['2026-11-01', KEY, 'voice-model', '0.0104'],
      ['2026-11-21', KEY, 'voice-model', '0.010404'],
      ['2026-11-21', OTHER_KEY, 'voice-model', '0.064'],
      ['2026-11-22', KEY, 'voice-model', '0.005833333333'],
    ]);
  });

  it('of all tenants are told apart by tenant', async () => {
    const rows = await costsOfAllTenants(db, { ...NOVEMBER, by: ['tenant'] });
    expect(rows.map((row) => [row.tenantId, formatAmount(row.tenantCharge)])).toEqual([
      [TENANT, '0.090637333333'],
      [OTHER_TENANT, '4'],
    ]);
  });
});

describe('the cost of a session', () => {
  it('is its lines at their prices, with what is not in it yet', async () => {
    const cost = await costOfSession(db, TENANT, session);
    expect(formatAmount(cost.amount)).toBe('0.016237333333');
    expect(cost.events).toEqual({ rated: 3, pending: 0, unrated: 1, parked: 1 });
    const lines = cost.lines.map((line) => [
      line.meter,
      line.quantityMicro,
      formatAmount(line.price),
      line.per,
      formatAmount(line.amount),
    ]);
    expect(lines).toEqual([
      ['input_text', 1_001_000_000n, '4', 1_000_000n, '0.004004'],
      ['output_audio', 100_000_000n, '64', 1_000_000n, '0.0064'],
      ['transcription_seconds', 7_000_000n, '0.05', 60n, '0.005833333333'],
    ]);
  });

  it("shows nothing of another tenant's session", async () => {
    const cost = await costOfSession(db, TENANT, foreign);
    expect(cost).toEqual({ amount: ZERO, lines: [], events: { rated: 0, pending: 0, unrated: 0, parked: 0 } });
  });
});

describe('what sessions cost so far', () => {
  const charges = async (tenants: readonly (typeof TENANT)[], since: string) => {
    const found = await chargesOfSessions(db, tenants, Date.parse(since));
    return found.filter(({ sessionId }) => sessionId === session || sessionId === foreign);
  };

  it('is all of it, of those that used something since then', async () => {
    const [charge, ...none] = await charges([TENANT], '2026-11-22');
    expect(none).toEqual([]);
    expect(charge).toMatchObject({ tenantId: TENANT, sessionId: session, keyId: KEY });
    expect(formatAmount(charge?.amount ?? ZERO)).toBe('0.016237333333');
    expect(await charges([TENANT], '2026-11-23')).toEqual([]);
  });

  it("is that of these tenants' sessions and of no other", async () => {
    expect((await charges([TENANT, OTHER_TENANT], '2026-11-01')).map(({ tenantId }) => tenantId).sort()).toEqual(
      [TENANT, OTHER_TENANT].sort(),
    );
    expect(await charges([OTHER_TENANT], '2026-11-01')).toMatchObject([{ sessionId: foreign }]);
  });
});

describe('usage', () => {
  it('is listed by day, model and meter, rated or not', async () => {
    const rows = await usageOfTenant(db, TENANT, { fromMs: Date.parse('2026-11-21'), toMs: Date.parse('2026-11-22') });
    expect(
      rows.map((row) => [row.model, row.meter, row.evidence, row.ratingState, row.quantityMicro, row.events]),
    ).toEqual([
      ['unpriced', 'input_audio', 'reported', 'unrated', 6_000_000n, 1],
      ['unpriced', 'input_text', 'reported', 'unrated', 5_000_000n, 1],
      ['voice-model', 'input_text', 'reported', 'rated', 1_001_000_000n, 2],
      ['voice-model', 'output_audio', 'estimated', 'rated', 1_000_000_000n, 1],
      ['voice-model', 'output_audio', 'reported', 'rated', 100_000_000n, 1],
    ]);
  });

  it('of all tenants is told apart by tenant', async () => {
    const rows = await usageOfAllTenants(db, NOVEMBER);
    expect(new Set(rows.map((row) => row.tenantId))).toEqual(new Set([TENANT, OTHER_TENANT]));
    expect((await usageOfTenant(db, OTHER_TENANT, NOVEMBER)).map((row) => row.quantityMicro)).toEqual([
      1_000_000_000_000n,
    ]);
  });
});

describe('stuck usage', () => {
  it('is listed with what stands in the way, for its tenant only', async () => {
    const query = { ...NOVEMBER, books: prices.books, limit: 10 };
    const rows = await stuckUsageOfTenant(db, TENANT, query);
    expect(rows.map((row) => [row.state, row.model, row.why]).sort()).toEqual([
      ['parked', 'voice-model', 'usage_missing'],
      ['unrated', 'unpriced', 'no price of openai for input_text, input_audio'],
    ]);
    expect(await stuckUsageOfTenant(db, OTHER_TENANT, query)).toEqual([]);
    expect(await stuckUsageOfAllTenants(db, { ...query, limit: 1 })).toHaveLength(1);
  });
});

describe('the health of the ledger', () => {
  it('shows accounts that balance, with what the tenant owes', async () => {
    const balances = await balancesOfTenant(db, TENANT);
    expect(formatAmount(balances.receivable ?? ZERO)).toBe('0.101037333333');
    expect(balances.cost_of_sales).toBe(balances.receivable);
    expect(addAmounts(...Object.values(balances))).toBe(ZERO);
  });

  it('shows how much waits, and for how long', async () => {
    expect(await ledgerLag(db)).toEqual({ pending: 0, oldestPendingMs: 0, unrated: 1, parked: 1 });
    const late = usage();
    await journal(db, late);
    await db.$executeRaw`UPDATE usage_event SET journalled_at = now() - interval '90 s' WHERE id = ${late.id}`;
    const lag = await ledgerLag(db);
    expect(lag.pending).toBe(1);
    expect(lag.oldestPendingMs).toBeGreaterThanOrEqual(90_000);
    await postBatch(db, prices);
  });

  it('finds charges at a price that was replaced before they occurred', async () => {
    expect(await supersededChargesOfAllTenants(db)).toEqual({ lines: 0, amount: ZERO });
    await importRows(db, [{ ...VOICE_PRICES[1], effectiveFrom: '2026-12-01', price: '1' }]);
    // The December event, as cost and as charge: 100 x 64 per million, twice.
    const found = await supersededChargesOfAllTenants(db);
    expect([found.lines, formatAmount(found.amount)]).toEqual([2, '0.0128']);
  });
});
