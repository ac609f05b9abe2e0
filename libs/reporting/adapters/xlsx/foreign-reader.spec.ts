// The workbook as another program reads it: SheetJS knows nothing of how we write, so what it finds is what is there.
import { read, type CellObject, type WorkBook } from '@e965/xlsx';
import type { ExportContext, ExportSources } from '../../index.js';
import { centresOfThirdCents, context, sources } from '../../test/rows.js';
import { xlsxFormat } from './index.js';

let workbook: WorkBook;
beforeAll(async () => {
  workbook = await opened(context(), sources());
});

async function opened(given: ExportContext, from: ExportSources): Promise<WorkBook> {
  const [file] = xlsxFormat.files(given, from);
  const pieces: Uint8Array[] = [];
  for await (const piece of file?.pieces() ?? []) pieces.push(Buffer.from(piece));
  return read(Buffer.concat(pieces), { cellNF: true, cellDates: true, cellFormula: true, dense: true });
}

type Cell = CellObject | undefined;

/** The cells of a sheet, row by row. */
function gridOf(name: string, of = workbook): readonly (readonly Cell[])[] {
  return of.Sheets[name]?.['!data'] ?? [];
}

/** The rows below the header, by its names, without that of sums. */
function linesOf(name: string): Readonly<Record<string, Cell>>[] {
  return rowsOf(name).filter((line) => !isTotal(line));
}

function rowsOf(name: string): Readonly<Record<string, Cell>>[] {
  const [header = [], ...lines] = gridOf(name);
  return lines.map((line) => Object.fromEntries(header.map((cell, i) => [String(cell?.v), line[i]])));
}

const TOTALS = ['Total', 'Rounding of cents'];
const isTotal = (line: Readonly<Record<string, Cell>>): boolean => TOTALS.includes(String(Object.values(line)[0]?.v));

function summary(name: string, of = workbook): Cell {
  return gridOf('Summary', of).find(([first]) => first?.v === name)?.[1];
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

  it.each(['Cost centres', 'Tenant x SKU'])('says the sums of %s below its lines', (name) => {
    const last = rowsOf(name).find(isTotal) ?? {};
    expect(Object.values(last)[0]?.v).toBe('Total');
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

  it('has totals of cents that are the sums of the cents above them, and says what rounding added', async () => {
    const thirds = await opened(...centresOfThirdCents());
    const [header = [], ...lines] = gridOf('Cost centres', thirds);
    const column = (name: string) => lines.map((line) => line[header.findIndex((cell) => cell?.v === name)]?.v);
    expect(column('Charge, cents')).toEqual([0.34, 0.34, 0.34, 1.02, undefined]);
    expect(column('Charge')).toEqual([0.335, 0.335, 0.335, 1.005, 0.015]);
    expect(column('Cost centre').slice(3)).toEqual(['Total', 'Rounding of cents']);
    expect(summary('Charged, in cents', thirds)?.v).toBe(1.02);
    expect(summary('Rounding of cents', thirds)?.v).toBe('USD 0.015');
  });

  it('has all names that a cost centre had when the month was closed, tenant by tenant', async () => {
    const [given, from] = centresOfThirdCents();
    const [first, second, ...others] = [...given.directory.tenants];
    if (first === undefined || second === undefined) throw new Error('no tenants');
    const renamed = { code: 'CC-1', name: 'Renamed', owner: 'Ada', glAccount: '6500' };
    const assignments = second[1].assignments.map((each) => ({ ...each, code: 'CC-1' }));
    const later = { ...second[1], assignments, costCentres: new Map([['CC-1', renamed]]) };
    const directory = { ...given.directory, tenants: new Map([first, [second[0], later] as const, ...others]) };
    const both = await opened({ ...given, directory }, from);
    const [, line = []] = gridOf('Cost centres', both);
    expect(line.slice(0, 5).map((cell) => cell?.v)).toEqual(['CC-1', 'CC-1 / Renamed', 'Ada', '6400 / 6500', 0.67]);
  });

  it('has no formula in any cell', () => {
    const cells = workbook.SheetNames.flatMap((name) => gridOf(name).flat());
    expect(cells.length).toBeGreaterThan(100);
    expect(cells.filter((cell) => cell?.f !== undefined)).toEqual([]);
  });
});
