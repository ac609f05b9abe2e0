// The rows that every statement and export is made of, against the ledger itself.
import { jest } from '@jest/globals';
import { addAmounts, formatAmount, mintId, ZERO } from '@trunkline/kernel';
import type { Period } from '@trunkline/ledger';
import type { PriceBooks } from '@trunkline/rating';
import { withSnapshot } from '@trunkline/platform/database';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { isMetered, type ChargeRow, type MeteredRow } from '../../index.js';
import { amount } from '../../test/rows.js';
import {
  bookByHand,
  closePeriod,
  loadPriceBook,
  OTHER_TENANT,
  postUsage,
  rerate,
  reverseTransaction,
  storeDerivedPrices,
  TENANT,
  usageAt,
} from '../../test/books.js';
import { periodOfText } from './charge-row-text.js';
import { chargeRowsOf, tenantsOfMonth } from './index.js';

// A real server on a machine that may be busy with other tests.
jest.setTimeout(60_000);

const THIRD_TENANT = mintId('tnt', 1, (n) => new Uint8Array(n).fill(3));
const BY_HAND_TENANT = mintId('tnt', 1, (n) => new Uint8Array(n).fill(4));
const LIST_PRICE = { model: 'voice-model', meter: 'input_text', unit: 'tokens', source: 'test' };

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
  await postUsage(postgres.db, [
    usageAt('2026-11-21T10:00:00Z', { input_text: 1_000n, output_audio: 100n }),
    usageAt('2026-11-21T23:30:00Z', { input_text: 500n }),
    usageAt('2026-11-30T23:30:00Z', { input_text: 7n }),
    usageAt('2026-11-02T00:00:00Z', { output_audio: 3n }, OTHER_TENANT),
  ]);
});
afterAll(() => postgres.stop());

const read = (timeZone = 'UTC', tenantId = TENANT, period: Period = '2026-11'): Promise<ChargeRow[]> =>
  withSnapshot(postgres.url, async (snapshot) => {
    const rows: ChargeRow[] = [];
    for await (const batch of chargeRowsOf(snapshot, { tenants: [tenantId], period, timeZone })) rows.push(...batch);
    return rows;
  });
const shown = (rows: readonly ChargeRow[]) =>
  rows.map((row) => {
    const metered = row as MeteredRow;
    return `${row.day} ${metered.meter} ${metered.quantityMicro} ${formatAmount(row.charge)} ${metered.events}`;
  });

describe('charge rows', () => {
  it('sum a day of a key by meter and price, exactly', async () => {
    expect(shown(await read())).toEqual([
      '2026-11-21 input_text 1500000000 0.006 2',
      '2026-11-21 output_audio 100000000 0.0064 1',
      '2026-11-30 input_text 7000000 0.000028 1',
    ]);
  });

  it('count days in the time zone that is given, and say when they begin', async () => {
    const rows = await read('Asia/Tokyo');
    expect(shown(rows)[0]).toBe('2026-11-21 input_text 1000000000 0.004 1');
    expect(rows.map((row) => row.day)).toContain('2026-11-22');
    expect(new Date(rows[0]?.fromMs ?? 0).toISOString()).toBe('2026-11-20T15:00:00.000Z');
    expect(new Date(rows[0]?.toMs ?? 0).toISOString()).toBe('2026-11-21T15:00:00.000Z');
  });

  it('carry the price they were made at, for the tenant and of the vendor', async () => {
    const [row] = (await read()) as MeteredRow[];
    expect(row?.chargePrice).toMatchObject({ model: 'voice-model', unit: 'tokens', per: 1_000_000n });
    expect(row?.listPrice?.id).toBe(row?.chargePrice?.id);
  });

  it('are the ledger to the last digit', async () => {
    const total = await postgres.db.ledgerTransaction.aggregate({
      where: { tenantId: TENANT, purpose: 'tenant_charge' },
      _sum: { total: true },
    });
    const rows = await read();
    expect(formatAmount(addAmounts(ZERO, ...rows.map((row) => row.charge)))).toBe(total._sum.total?.toString());
  });

  it('say of a cost that was corrected alone that the usage is charged as before', async () => {
    const { db } = postgres;
    const usage = ['2026-09-10', '2026-10-10'].map((day) =>
      usageAt(`${day}T10:00:00Z`, { input_text: 1_000_000n }, THIRD_TENANT),
    );
    await postUsage(db, usage);
    await closePeriod(db, THIRD_TENANT, '2026-09');
    const before = (await loadPriceBook(db)).books;
    await postUsage(
      db,
      [usageAt('2026-10-11T10:00:00Z', { input_text: 1n })],
      [{ ...LIST_PRICE, price: '3', effectiveFrom: '2026-09-01' }],
    );
    const after = (await loadPriceBook(db)).books;
    // A tenant whose own price stays while the vendor's changes.
    const booksFor: PriceBooks['booksFor'] = (event) => ({
      tenant_charge: before.booksFor(event).tenant_charge,
      provider_cost: after.booksFor(event).provider_cost,
    });
    const prices = { books: { ...after, booksFor }, storeDerived: storeDerivedPrices };
    const because = { actor: 'ann', reason: 'the vendor told us late' };
    const again = rerate(db, {
      fromMs: 0,
      toMs: Date.parse('2026-11-01'),
      tenantId: THIRD_TENANT,
      prices,
      because,
      dryRun: false,
    });
    if (!again.ok) throw new Error(again.error.message);
    // What was booked anew may come round once more, and is then what it should be.
    const purposes: string[] = [];
    for await (const { changed } of again.value) purposes.push(...changed.map(({ purpose }) => purpose));
    expect(purposes).toEqual(['provider_cost', 'provider_cost']);
    const rows = (await read('UTC', THIRD_TENANT, '2026-10')) as MeteredRow[];
    const shownRows = rows.map(({ kind, billing, evidence, charge, cost }) =>
      [kind, billing, evidence, formatAmount(charge), formatAmount(cost)].join(' '),
    );
    expect(shownRows.sort()).toEqual([
      'correction cost_only reported 0 -4',
      'correction cost_only reported 0 3',
      'usage charged reported 4 4',
      'usage cost_only reported 0 -4',
      'usage cost_only reported 0 3',
    ]);
  });

  it("carry what was booked by hand of the vendor's side as cost, and taken back with the other sign", async () => {
    const { db } = postgres;
    const because = { actor: 'ann', reason: 'credit memo of the vendor' };
    const common = { tenantId: BY_HAND_TENANT, because, usagePeriod: '2026-01' } as const;
    const memo = {
      ...common,
      kind: 'adjustment',
      side: 'provider_cost',
      amount: amount('-300'),
      reference: 'memo',
    } as const;
    const booked = await bookByHand(db, memo);
    if (!booked.ok) throw new Error(booked.error.message);
    // Another test may have closed it: then the next month that is open.
    const period = periodOfText(booked.value.row.period);
    const charged = { ...common, kind: 'adjustment', amount: amount('-3'), reference: 'rounding' } as const;
    expect(await bookByHand(db, charged)).toMatchObject({ ok: true });
    expect(await reverseTransaction(db, booked.value.row.id, because)).toMatchObject({ ok: true });
    const sums = (await read('UTC', BY_HAND_TENANT, period)).map((row) => {
      if (isMetered(row)) throw new Error('nothing was metered');
      return [row.total, row.charge, row.cost].map((each) => formatAmount(each)).join(' ');
    });
    expect(sums.sort()).toEqual(['-3 -3 0', '-300 0 -300', '300 0 300']);
  });

  it("never hold another tenant's usage, and come tenant by tenant", async () => {
    const all = await withSnapshot(postgres.url, async (snapshot) => {
      const tenants = await tenantsOfMonth(postgres.db, snapshot, '2026-11');
      const rows: ChargeRow[] = [];
      const range = { tenants: [...tenants].reverse(), period: '2026-11', timeZone: 'UTC' } as const;
      for await (const batch of chargeRowsOf(snapshot, range)) rows.push(...batch);
      return { tenants, rows };
    });
    expect(all.tenants).toEqual([TENANT, OTHER_TENANT].sort());
    expect(new Set((await read()).map((row) => row.tenantId))).toEqual(new Set([TENANT]));
    expect(all.rows.map((row) => row.tenantId)).toEqual(all.rows.map((row) => row.tenantId).sort());
  });

  it('are of tenants too who came after the month and have it open, until it is closed for them', async () => {
    const late = mintId('tnt', Date.now(), (n) => new Uint8Array(n).fill(9));
    const tenants = () => withSnapshot(postgres.url, (snapshot) => tenantsOfMonth(postgres.db, snapshot, '2027-03'));
    expect(await tenants()).not.toContain(late);
    await postgres.db.accountingPeriod.create({ data: { tenantId: late, period: '2027-03' } });
    expect(await tenants()).toContain(late);
  });
});
