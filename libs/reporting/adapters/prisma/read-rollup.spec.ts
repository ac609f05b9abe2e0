import { jest } from '@jest/globals';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { addAmounts, formatAmount } from '@trunkline/kernel';
import type { RollupQuery } from '@trunkline/reporting';
import { bookByHand, bookSamples, KEYS, POOL, sample, TENANTS } from '../../test/samples.js';
import { rollupOfAllTenants, rollupOfTenant, rollUpAllDue, type RollupRow } from './index.js';

jest.setTimeout(60_000);

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
  const { db } = postgres;
  await bookSamples(db, [
    sample(),
    sample({ hour: 1, key: 1 }),
    sample({ day: 1, model: 'other-model', evidence: 'estimated' }),
    sample({ day: 1, tenant: 1, tokens: 2_000n }),
  ]);
  await bookByHand(db);
  await rollUpAllDue(db);
});
afterAll(() => postgres.stop());

const query = (over: Partial<RollupQuery>): RollupQuery => ({
  ...{ fromMs: Date.parse('2026-10-31'), toMs: Date.parse('2026-11-02'), bucket: 'day', by: [], where: {}, ...over },
});
const ofAll = async (over: Partial<RollupQuery>) => (await rollupOfAllTenants(postgres.db, query(over), 100)).rows;
const charges = (rows: readonly RollupRow[]) => rows.map(({ tenantCharge }) => formatAmount(tenantCharge));
const MONTHS = { bucket: 'month', fromMs: Date.parse('2026-10-01'), toMs: Date.parse('2026-12-01') } as const;

describe('an answer from the rollups', () => {
  it('has the sums of each bucket and of all tenants', async () => {
    const days = await ofAll({});
    expect(days.map(({ bucket, events }) => [bucket, events])).toEqual([
      ['2026-10-31', 2],
      ['2026-11-01', 2],
    ]);
    // Twice 0.0104 less the credit of ten cents; then 0.0104 and twice that of the other tenant.
    expect(charges(days)).toEqual(['-0.0792', '0.0312']);
    expect(days[1]?.quantityMicro).toEqual({ tokens: 3_300_000_000n });
    expect(charges(await ofAll(MONTHS))).toEqual(['-0.0792', '0.0312']);
    expect((await ofAll({ bucket: 'hour' })).map(({ bucket }) => bucket)).toContain('2026-10-31T12:00:00Z');
  });

  it('adds up to the same, whatever it is told apart by and however time is cut', async () => {
    const [whole] = await ofAll({ bucket: 'total' });
    const dimensions = [
      'tenant',
      'key',
      'pool',
      'model',
      'modality',
      'direction',
      'cache',
      'meter',
      'evidence',
    ] as const;
    for (const bucket of ['hour', 'day', 'total'] as const)
      for (const dimension of dimensions) {
        const rows = await ofAll({ bucket, by: [dimension] });
        expect(addAmounts(...rows.map(({ tenantCharge }) => tenantCharge))).toBe(whole?.tenantCharge);
        expect(addAmounts(...rows.map(({ providerCost }) => providerCost))).toBe(whole?.providerCost);
      }
    const all = await ofAll({ ...MONTHS, by: dimensions });
    expect(addAmounts(...all.map(({ tenantCharge }) => tenantCharge))).toBe(whole?.tenantCharge);
  });

  it('tells meters apart by what they have in common, and what has no meter by nothing', async () => {
    const rows = await ofAll({ bucket: 'total', by: ['direction', 'modality', 'cache'] });
    expect(rows.map(({ of, events }) => ({ ...of, events }))).toEqual([
      { direction: 'input', modality: 'text', cache: 'uncached', events: null },
      { direction: 'output', modality: 'audio', cache: 'none', events: null },
      { direction: null, modality: null, cache: null, events: null },
    ]);
  });

  it('is narrowed to the values that are named', async () => {
    const total = { bucket: 'total' } as const;
    const narrow = async (where: RollupQuery['where']) => charges(await ofAll({ ...total, where }));
    expect(await narrow({ key: [KEYS[1]] })).toEqual(['0.0104']);
    expect(await narrow({ model: ['other-model'], pool: [POOL] })).toEqual(['0.0104']);
    expect(await narrow({ evidence: ['estimated'] })).toEqual(['0.0104']);
    expect(await narrow({ direction: ['output'] })).toEqual(['0.032']);
    expect(await narrow({ meter: ['input_text'], tenant: [TENANTS[1]] })).toEqual(['0.008']);
    expect(await narrow({ meter: ['credit'] })).toEqual(['-0.1']);
    expect(await narrow({ model: ["x' OR true --"] })).toEqual([]);
  });

  it('counts the events that reported a meter', async () => {
    const rows = await ofAll({ bucket: 'total', by: ['meter'], where: { evidence: ['reported'] } });
    expect(rows.map(({ of, events }) => [of.meter, events])).toEqual([
      ['input_text', 3],
      ['output_audio', 3],
    ]);
  });

  it('shows a tenant nothing of another, whatever it asks for', async () => {
    const asked = query({ by: ['tenant'], where: { tenant: [TENANTS[1]] } });
    const { rows } = await rollupOfTenant(postgres.db, TENANTS[0], asked, 100);
    expect(new Set(rows.map(({ of }) => of.tenant))).toEqual(new Set([TENANTS[0]]));
  });

  it('says that it has more rows than were asked for', async () => {
    const { rows, cut } = await rollupOfAllTenants(postgres.db, query({ by: ['meter'] }), 2);
    expect([rows.length, cut]).toEqual([2, true]);
  });
});
