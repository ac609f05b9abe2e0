import { jest } from '@jest/globals';
import { formatAmount, ZERO } from '@trunkline/kernel';
import { Prisma, type Database } from '@trunkline/platform/database';
import { ALICE, amount, closeMonth, startLedgerBed, verified, type LedgerBed } from '../../test/bed.js';
import { importRows, journal, TENANT, usage, VOICE_PRICES } from '../../test/usage.js';
import {
  balanceOfTenant,
  bookByHand,
  costsOfTenant,
  listTransactions,
  postBatch,
  rerate,
  reverseTransaction,
  type ManualRequest,
  type PostingPrices,
  type RerateReport,
  type RerateRequest,
} from './index.js';

// A real server on a machine that may be busy with other tests.
jest.setTimeout(60_000);

let bed: LedgerBed;
let db: Database;
let prices: PostingPrices;
beforeAll(async () => {
  bed = await startLedgerBed();
});
beforeEach(async () => {
  db = await bed.open();
  prices = await importRows(db, VOICE_PRICES);
});
afterAll(() => bed.stop());

const EVER = { fromMs: Date.parse('2026-01-01'), toMs: Date.parse('2100-01-01') };
const charged = async (): Promise<string> => {
  const [row] = await costsOfTenant(db, TENANT, { ...EVER, by: ['tenant'] });
  return formatAmount(row?.tenantCharge ?? ZERO);
};
const request = (over: Partial<ManualRequest>): ManualRequest => ({
  kind: 'credit',
  tenantId: TENANT,
  amount: amount('5'),
  because: ALICE,
  usagePeriod: null,
  reference: 'ticket 1',
  ...over,
});
const booked = async (over: Partial<ManualRequest>): Promise<string> => {
  const outcome = await bookByHand(db, request(over));
  if (!outcome.ok) throw new Error(outcome.error.message);
  return outcome.value.row.id;
};
const refusal = async (over: Partial<ManualRequest>): Promise<string> => {
  const outcome = await bookByHand(db, request(over));
  return outcome.ok ? 'booked' : outcome.error.message;
};
const rerated = async (over: Partial<RerateRequest> = {}): Promise<readonly RerateReport[]> => {
  const started = rerate(db, { ...EVER, prices, because: ALICE, dryRun: false, ...over });
  if (!started.ok) throw new Error(started.error.message);
  const reports: RerateReport[] = [];
  for await (const report of started.value) reports.push(report);
  return reports;
};

describe('bookings by hand', () => {
  it('lower what is owed by a credit, change it by an adjustment, and say who and why', async () => {
    await booked({ kind: 'adjustment', amount: amount('12.5') });
    await booked({ kind: 'adjustment', amount: amount('-2'), reference: 'ticket 2' });
    await booked({ kind: 'credit', amount: amount('5') });
    expect(await balanceOfTenant(db, TENANT)).toMatchObject({ owed: amount('5.5'), credited: amount('5') });
    const heads = await listTransactions(db, { tenantId: TENANT, period: null, kind: null, limit: 10 });
    expect(heads.map(({ kind, total, actor }) => [kind, formatAmount(total), actor])).toEqual([
      ['credit', '-5', 'alice'],
      ['adjustment', '-2', 'alice'],
      ['adjustment', '12.5', 'alice'],
    ]);
    expect(await charged()).toBe('5.5');
  });

  it('keep prepaid money apart from charges, and draw from it only what is there and owed', async () => {
    await booked({ kind: 'prepayment', amount: amount('100') });
    expect(await refusal({ kind: 'drawdown', amount: amount('1') })).toMatch(/0 at most/);
    await booked({ kind: 'adjustment', amount: amount('30') });
    expect(await charged()).toBe('30');
    expect(await balanceOfTenant(db, TENANT)).toMatchObject({ prepaid: amount('100'), left: amount('70') });
    expect(await refusal({ kind: 'drawdown', amount: amount('30.01') })).toMatch(/30 at most/);
    await booked({ kind: 'drawdown', amount: amount('30') });
    expect(await balanceOfTenant(db, TENANT)).toMatchObject({ owed: ZERO, prepaid: amount('70') });
  });

  it('happen once for a reference, also when two ask at the same moment', async () => {
    const other = await bed.open('again');
    const outcomes = await Promise.all([db, other, db, other].map((each) => bookByHand(each, request({}))));
    const rows = outcomes.map((each) => (each.ok ? each.value : null));
    expect(new Set(rows.map((each) => each?.row.id)).size).toBe(1);
    expect(rows.filter((each) => each?.repeated === false)).toHaveLength(1);
    expect(await refusal({ amount: amount('6') })).toMatch(/"ticket 1" has booked txn_\w+: -5, not -6\. Give another/);
    expect(await refusal({ usagePeriod: '2020-02' })).toMatch(/: for \d{4}-\d\d, not for 2020-02\./);
    expect(await balanceOfTenant(db, TENANT)).toMatchObject({ credited: amount('5') });
  });

  it.each<[string, Partial<ManualRequest>, RegExp]>([
    ['nothing', { amount: ZERO }, /nothing would be booked/],
    ['a negative credit', { amount: amount('-1') }, /is positive/],
    ['an absurd amount', { amount: amount('1000000000.01') }, /more than 1000000000/],
    ['no reason', { because: { actor: 'alice', reason: ' ' } }, /reason is missing/],
    ['no actor', { because: { actor: '', reason: 'r' } }, /actor is missing/],
    ['a reason of two lines', { because: { actor: 'alice', reason: 'a\nb' } }, /one line/],
    ['a month that has not begun', { usagePeriod: '2999-01' }, /has not begun/],
    ['a month that nobody can mean', { usagePeriod: '1926-11' }, /look at the year/],
  ])('are refused for %s', async (_name, over, message) => {
    expect(await refusal(over)).toMatch(message);
    expect(await db.ledgerTransaction.count()).toBe(0);
  });

  it('are taken back once', async () => {
    const id = await booked({});
    const back = await reverseTransaction(db, id, ALICE);
    expect(back).toMatchObject({ ok: true, value: { row: { kind: 'reversal', correctsId: id, total: '5' } } });
    expect(await balanceOfTenant(db, TENANT)).toMatchObject({ owed: ZERO, credited: ZERO });
    expect(await reverseTransaction(db, id, ALICE)).toMatchObject({ ok: false });
    if (back.ok) expect(await reverseTransaction(db, back.value.row.id, ALICE)).toMatchObject({ ok: false });
    expect(await reverseTransaction(db, 'txn_none', ALICE)).toMatchObject({ ok: false });
  });

  it('go through a database that refuses them without a name', async () => {
    const sql = `INSERT INTO ledger_transaction (id, kind, purpose, tenant_id, occurred_at, period, usage_period, currency,
      total, chain_sequence, chain_hash) VALUES ('x', 'credit', 'tenant_charge', 't', now(), '2026-11', '2026-11', 'USD', 1, 1, 'h')`;
    await expect(db.$executeRaw`${Prisma.raw(sql)}`).rejects.toThrow(/said_by_somebody/);
  });
});

describe('rating again', () => {
  const correctedPrice = { ...VOICE_PRICES[0], price: '3', effectiveFrom: '2026-11-01' };

  it('takes back what differs and books it anew, and leaves the rest alone', async () => {
    await journal(db, usage(), usage({ at: '2026-10-31T12:00:00Z' }), usage({ counts: { output_audio: 100n } }));
    await postBatch(db, prices);
    prices = await importRows(db, [correctedPrice]);
    const dry = await rerated({ dryRun: true });
    expect(await db.ledgerTransaction.count()).toBe(6);
    const done = await rerated();
    const changes = done.flatMap(({ changed }) => changed);
    expect(changes).toEqual(dry.flatMap(({ changed }) => changed));
    expect(changes).toMatchObject([
      { before: amount('0.0104'), after: amount('0.0094') },
      { before: amount('0.0104'), after: amount('0.0094') },
    ]);
    expect(
      await db.ledgerTransaction.groupBy({ by: ['kind', 'revision'], _count: true, orderBy: { kind: 'asc' } }),
    ).toEqual(
      expect.arrayContaining([
        { kind: 'reversal', revision: 0, _count: 2 },
        { kind: 'usage', revision: 1, _count: 2 },
      ]),
    );
    // 0.0094 and 0.0104 and 0.0064.
    expect(await charged()).toBe('0.0262');
    expect((await verified(db)).every(({ broken }) => broken === null)).toBe(true);
  });

  it('corrects nothing twice, and can correct a correction', async () => {
    await journal(db, usage());
    await postBatch(db, prices);
    prices = await importRows(db, [correctedPrice]);
    await rerated();
    expect((await rerated()).flatMap(({ changed }) => changed)).toEqual([]);
    prices = await importRows(db, [{ ...correctedPrice, effectiveFrom: '2026-11-15', price: '2' }]);
    await rerated();
    expect(await charged()).toBe('0.0084');
    expect(await db.ledgerTransaction.count({ where: { kind: 'usage', revision: 2 } })).toBe(2);
  });

  it('books the correction of a closed month in the next open one', async () => {
    await journal(db, usage({ at: '2026-09-10T00:00:00Z' }));
    await postBatch(db, prices);
    expect(await closeMonth(db, '2026-09')).toMatchObject({ ok: true });
    prices = await importRows(db, [{ ...correctedPrice, effectiveFrom: '2026-09-01' }]);
    await rerated();
    const rows = await db.ledgerTransaction.findMany({ where: { period: { not: '2026-09' } } });
    expect(rows.map(({ period, usagePeriod }) => [period, usagePeriod])).toEqual(Array(4).fill(['2026-10', '2026-09']));
  });
});
