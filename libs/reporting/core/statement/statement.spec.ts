import { addAmounts, formatAmount, negateAmount, trustedId, ZERO } from '@trunkline/kernel';
import fc from 'fast-check';
import { csvCells } from '../../test/books.js';
import {
  ACME,
  amount,
  BETA,
  correction,
  directory,
  EVERY_KIND,
  manual,
  metered,
  price,
  vendorMemo,
} from '../../test/rows.js';
import type { ChargeRow } from '../charge-row.js';
import { StatementBuilder, type Statement, type StatementScope } from './statement.js';
import { statementCsv, statementJson, totalView } from './statement-texts.js';

const OF_ACME: StatementScope = { kind: 'tenant', tenantId: ACME };
const statement = (rows: readonly ChargeRow[], scope: StatementScope = OF_ACME, prepaidBefore = ZERO) => {
  const builder = new StatementBuilder(scope, directory(), prepaidBefore);
  for (const row of rows) builder.add(row);
  return builder.build();
};
const prepayment = (text: string) => manual({ kind: 'prepayment', charge: ZERO, total: amount(text) });
const drawdown = (text: string) => {
  const charge = negateAmount(amount(text));
  return manual({ kind: 'prepayment', charge, total: charge });
};
const csvRows = (shown: Statement): Readonly<Record<string, string>>[] => {
  const [header = [], ...rows] = csvCells(statementCsv(shown));
  return rows.map((row) => Object.fromEntries(header.map((name, i) => [name, row[i] ?? ''])));
};
const dear = (exact: string) => metered({ charge: amount(exact), model: `m${exact}` });

describe('a statement', () => {
  it('rounds each line once, half away from zero, and adds rounded lines', () => {
    const { metered: lines, total } = statement([dear('0.005'), dear('0.015'), dear('-0.005')]);
    expect(lines.map((line) => formatAmount(line.rounded)).sort()).toEqual(['-0.01', '0.01', '0.02']);
    expect(totalView(total)).toEqual({ amount: '0.02', exact: '0.015', rounding: '0.005' });
  });

  it('sums days of one meter, key and price before it rounds', () => {
    const { metered: lines } = statement([dear('0.004'), { ...dear('0.004'), day: '2026-11-22' }]);
    expect(lines.map((line) => formatAmount(line.rounded))).toEqual(['0.01']);
  });

  it('keeps two prices of one month apart', () => {
    const later = metered({ chargePrice: price({ id: trustedId('pv', 'pv_24'), price: amount('24') }) });
    expect(statement([metered(), later]).metered).toHaveLength(2);
  });

  it('has the exact sum of its rows, whatever they are', () => {
    const rows = fc.array(fc.record({ micro: fc.bigInt(1n, 10n ** 12n), model: fc.constantFrom('a', 'b', 'c') }));
    fc.assert(
      fc.property(rows, (some) => {
        const all = some.map(({ micro, model }) => metered({ quantityMicro: micro, model }));
        const { total } = statement(all);
        expect(total.exact).toBe(addAmounts(...all.map((row) => row.charge)));
        expect(addAmounts(total.exact, total.rounding)).toBe(total.rounded);
      }),
    );
  });

  it('shows estimates, what is not billed, corrections and bookings by hand each in its own section', () => {
    const { sections, total } = statement(EVERY_KIND);
    const shown = Object.fromEntries([...sections].map(([name, sum]) => [name, formatAmount(sum.exact)]));
    expect(shown).toEqual({
      usage: '79.582172153333',
      estimates: '0.000064',
      not_billed: '0',
      corrections: '-0.000128',
      adjustment: '1.005',
      credit: '-5',
      prepayment: '100',
    });
    expect(formatAmount(total.exact)).toBe('75.587108153333');
  });

  it('shows nothing of a cost that was corrected alone: the tenant owes what it owed', () => {
    const costOnly = { billing: 'cost_only', chargePrice: null } as const;
    const rows = [metered(), metered({ ...costOnly, quantityMicro: -5n }), metered({ ...costOnly, quantityMicro: 5n })];
    expect(statement(rows).metered).toEqual(statement([metered()]).metered);
  });

  it("shows nothing of what was booked by hand of the vendor's side: its reason is not for who pays", () => {
    expect(statementCsv(statement([metered(), vendorMemo('-300')]))).toBe(statementCsv(statement([metered()])));
  });

  it('keeps what a correction takes back apart from what it puts in its place', () => {
    const lines = statement([correction(-5_000_000n), correction(3_000_000n)]).metered;
    expect(lines.map((line) => line.quantityMicro).sort()).toEqual([-5_000_000n, 3_000_000n]);
  });

  it("holds nobody else's charges; those of no cost centre have a statement too", () => {
    const rows = [metered(), metered({ tenantId: BETA }), manual()];
    expect(statement(rows).metered.map((line) => line.tenantId)).toEqual([ACME]);
    expect(statement(rows, { kind: 'cost_centre', costCentre: null }).metered.map((line) => line.tenantId)).toEqual([
      BETA,
    ]);
  });

  it('says PRELIMINARY while a month in it is open, and names the close when it is not', () => {
    const open = { status: 'open', closeId: null, changedAtMs: null } as const;
    const tenants = new Map([...directory().tenants].map(([id, entry]) => [id, { ...entry, standing: open }] as const));
    const builder = new StatementBuilder({ kind: 'tenant', tenantId: ACME }, directory({ tenants }));
    expect(statementJson(builder.build())).toContain('"status": "PRELIMINARY"');
    expect(JSON.parse(statementJson(statement([])))).toMatchObject({ status: 'FINAL', closes: { [ACME]: 'c0ffee' } });
  });

  it('adds up in CSV: each column of amounts is its last line', () => {
    const rows = csvRows(statement([...EVERY_KIND, drawdown('7.5')], undefined, amount('12.25')));
    const last = rows.at(-1);
    for (const column of ['amount', 'amount_exact', 'prepaid']) {
      const lines = rows.slice(0, -1).map((row) => amount(row[column] || '0'));
      expect([column, formatAmount(addAmounts(...lines))]).toEqual([
        column,
        formatAmount(amount(last?.[column] ?? '')),
      ]);
    }
    expect(last).toMatchObject({
      section: 'total',
      amount: '75.59',
      amount_exact: '75.587108153333',
      prepaid: '104.75',
    });
  });

  it('shows what was prepaid before, came in, was used and is left; nothing where nobody prepaid', () => {
    const shown = statement(
      [metered(), prepayment('100'), prepayment('-40'), drawdown('7.5')],
      undefined,
      amount('12'),
    );
    const balance = { opening: '12', received: '60', used: '7.5', closing: '64.5' };
    expect(JSON.parse(statementJson(shown))).toMatchObject({ prepaid: balance, total: { exact: '79.012288' } });
    expect(csvRows(shown).map(({ section, prepaid, amount: owed }) => [section, owed, prepaid])).toEqual([
      ['usage', '79.01', ''],
      ['prepayment', '', '100'],
      ['prepayment', '', '-40'],
      ['prepayment', '', '-7.5'],
      ['prepaid_before', '', '12'],
      ['total', '79.01', '64.5'],
    ]);
    expect(statement([metered()]).prepaid).toBeNull();
    expect(statement([prepayment('100')], { kind: 'cost_centre', costCentre: null }).prepaid).toBeNull();
  });

  it('says of a booking by hand when it was booked and which month it is about', () => {
    const late = manual({ usagePeriod: '2026-10', day: '2026-11-03' });
    expect(csvRows(statement([metered(), late])).slice(0, -1)).toMatchObject([
      { section: 'usage', month_of_usage: '2026-11', booked_on: '' },
      { section: 'credit', month_of_usage: '2026-10', booked_on: '2026-11-03' },
    ]);
  });
});
