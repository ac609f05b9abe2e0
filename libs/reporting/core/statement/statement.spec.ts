import { addAmounts, formatAmount, trustedId } from '@trunkline/kernel';
import fc from 'fast-check';
import { csvCells } from '../../test/books.js';
import { ACME, amount, BETA, correction, directory, EVERY_KIND, manual, metered, price } from '../../test/rows.js';
import type { ChargeRow } from '../charge-row.js';
import { StatementBuilder, type StatementScope } from './statement.js';
import { statementCsv, statementJson, totalView } from './statement-texts.js';

const statement = (rows: readonly ChargeRow[], scope: StatementScope = { kind: 'tenant', tenantId: ACME }) => {
  const builder = new StatementBuilder(scope, directory());
  for (const row of rows) builder.add(row);
  return builder.build();
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

  it('adds up in CSV: the lines are the total', () => {
    const rows = csvCells(statementCsv(statement(EVERY_KIND)));
    const cents = rows.slice(1).map((row) => [row[0], BigInt((row[17] ?? '').replace('.', ''))] as const);
    const summed = cents.filter(([section]) => section !== 'total' && section !== 'prepayment');
    expect(summed.reduce((sum, [, each]) => sum + each, 0n)).toBe(cents.at(-1)?.[1]);
  });
});
