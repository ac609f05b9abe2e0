// Each format in text against a file of its own: what changes there, everybody who reads our exports will see.
import { readFileSync } from 'node:fs';
import { centresOfThirdCents, context, textOf } from '../../test/rows.js';
import { excelCsvFormat, machineCsvFormat } from './charges-csv.js';
import { focusFormat } from './focus.js';
import { glFormat } from './gl-csv.js';
import { usageCsvFormat } from './usage-csv.js';

const GOLDEN = new URL('../../test/golden/', import.meta.url);

describe('a format', () => {
  it.each([
    ['focus.csv', focusFormat, 'cost-and-usage', {}],
    ['focus-1.2.csv', focusFormat, 'cost-and-usage', { focusVersion: '1.2' }],
    ['focus-metadata.json', focusFormat, 'metadata', {}],
    ['charges.csv', machineCsvFormat, 'charges', {}],
    ['charges-excel.csv', excelCsvFormat, 'charges-excel', { separator: ';', decimalComma: true }],
    ['gl.csv', glFormat, 'gl', {}],
    ['usage.csv', usageCsvFormat, 'usage', {}],
  ] as const)('writes %s as ever', async (file, format, part, options) => {
    expect(await textOf(format, part, context(options))).toBe(readFileSync(new URL(file, GOLDEN), 'utf8'));
  });

  it('brings the lines of the general ledger to the total of the books, on a line of its own', async () => {
    const lines = (await textOf(glFormat, 'gl', ...centresOfThirdCents())).trimEnd().split('\r\n').slice(1);
    const booked = lines.map((line) => line.split(','));
    expect(booked.map(([centre, account, amount]) => [centre, account, amount])).toEqual([
      ['CC-1', '6400', '0.34'],
      ['CC-2', '6400', '0.34'],
      ['CC-3', '6400', '0.34'],
      ['ROUNDING', 'ROUNDING', '-0.01'],
    ]);
    // What the books have is 1.005; the column of exact amounts adds up to it.
    expect(booked.map((cells) => cells.at(-1))).toEqual(['0.335', '0.335', '0.335', '0']);
    expect(booked.at(-1)).toContain('Rounding of cents 2026-11');
  });

  it.each([
    [{ code: 'Rounding' }, /cost centre Rounding has the name of the line that rounds/],
    [{ glAccount: 'ROUNDING' }, /cost centre CC-1 has the account ROUNDING/],
  ])('for the general ledger is not made while a centre of charges is %p', async (named, why) => {
    await expect(textOf(glFormat, 'gl', ...centresOfThirdCents(named))).rejects.toThrow(why);
  });

  it('guards text that a spreadsheet would run in the Excel profile only, and no number', async () => {
    const excel = await textOf(excelCsvFormat, 'charges-excel');
    expect(excel).toContain("'=1+1");
    expect(excel).not.toMatch(/[,;]"?'-\d/);
    expect(await textOf(machineCsvFormat, 'charges')).not.toContain("'=1+1");
  });
});
