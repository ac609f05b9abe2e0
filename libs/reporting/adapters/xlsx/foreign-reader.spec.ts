// The workbook as another program reads it: SheetJS knows nothing of how we write, so what it finds is what is there.
import { read, type CellObject, type WorkBook } from '@e965/xlsx';
import { context, sources } from '../../test/rows.js';
import { xlsxFormat } from './index.js';

let workbook: WorkBook;
beforeAll(async () => {
  const [file] = xlsxFormat.files(context(), sources());
  const pieces: Uint8Array[] = [];
  for await (const piece of file?.pieces() ?? []) pieces.push(Buffer.from(piece));
  workbook = read(Buffer.concat(pieces), { cellNF: true, cellDates: true, cellFormula: true, dense: true });
});

type Cell = CellObject | undefined;

/** The cells of a sheet, row by row. */
function gridOf(name: string): readonly (readonly Cell[])[] {
  return workbook.Sheets[name]?.['!data'] ?? [];
}

/** The rows below the header, by its names, without that of sums. */
function linesOf(name: string): Readonly<Record<string, Cell>>[] {
  return rowsOf(name).filter((line) => !isTotal(line));
}

function rowsOf(name: string): Readonly<Record<string, Cell>>[] {
  const [header = [], ...lines] = gridOf(name);
  return lines.map((line) => Object.fromEntries(header.map((cell, i) => [String(cell?.v), line[i]])));
}

const isTotal = (line: Readonly<Record<string, Cell>>): boolean => Object.values(line)[0]?.v === 'Total';

function summary(name: string): Cell {
  return gridOf('Summary').find(([first]) => first?.v === name)?.[1];
}

const micros = (cell: Cell): number => Math.round(Number(cell?.v) * 1_000_000);
const sumOf = (name: string, column: string): number =>
  linesOf(name).reduce((sum, line) => sum + micros(line[column]), 0);

describe('a workbook in another reader', () => {
  it('has the totals of the books, and its cost centres add up to them', () => {
    expect(summary('Charged')?.v).toBe(154.599396);
    expect(summary('Provider cost')?.v).toBe(-62.961089);
    expect(sumOf('Cost centres', 'Charge')).toBe(micros(summary('Charged')));
    expect(sumOf('Cost centres', 'Cost')).toBe(micros(summary('Provider cost')));
  });

  it("has what was booked by hand of the vendor's side in its own column, in the cost and in the margin", () => {
    const memo = linesOf('Adjustments').find((line) => line['Reason']?.v === 'OpenAI credit memo');
    expect(memo).toMatchObject({ Amount: { v: 0 }, Cost: { v: -300 } });
    expect(micros(summary('Margin'))).toBe(micros(summary('Charged')) - micros(summary('Provider cost')));
    const byHand = linesOf('Adjustments').filter((line) => line['Meter']?.v === undefined);
    const cost = byHand.reduce((sum, line) => sum + micros(line['Cost']), 0);
    expect(sumOf('Tenant x SKU', 'Cost') + cost).toBe(micros(summary('Provider cost')));
  });

  it.each(['Cost centres', 'Tenant x SKU'])('says the sums of %s in its last row', (name) => {
    const last = rowsOf(name).at(-1) ?? {};
    expect(isTotal(last)).toBe(true);
    for (const column of ['Charge', 'Cost']) expect(micros(last[column])).toBe(sumOf(name, column));
  });

  it('has numbers and days as such, each in the format that it is shown in', () => {
    expect(summary('Charged, in cents')).toMatchObject({ t: 'n', z: '#,##0.00_)', w: '154.60 ' });
    expect(summary('Charged')).toMatchObject({ t: 'n', z: '#,##0.000000_)', w: '154.599396 ' });
    expect(summary('Tenants')).toMatchObject({ t: 'n', v: 2, z: '#,##0_)', w: '2 ' });
    const [line] = linesOf('Tenant x SKU');
    expect(line?.['Quantity']).toMatchObject({ t: 'n', v: 1_234_567, z: '#,##0_)', w: '1,234,567 ' });
    const [adjustment] = linesOf('Adjustments');
    expect(adjustment?.['Day']).toMatchObject({ t: 'd', z: 'yyyy-mm-dd', w: '2026-10-30' });
  });

  it('has no formula in any cell', () => {
    const cells = workbook.SheetNames.flatMap((name) => gridOf(name).flat());
    expect(cells.length).toBeGreaterThan(100);
    expect(cells.filter((cell) => cell?.f !== undefined)).toEqual([]);
  });
});
