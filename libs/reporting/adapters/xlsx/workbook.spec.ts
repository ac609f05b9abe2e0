// The workbook's file, read back: what is in its cells, that it is the same twice, and that it leaves while it is made.
import { strFromU8, unzipSync } from 'fflate';
import type { WorkbookRow, WorkbookSheet } from '../../index.js';
import { context, sources } from '../../test/rows.js';
import { workbookBytes, xlsxFormat } from './index.js';

const table = (rows: Iterable<WorkbookRow>): WorkbookSheet => ({
  name: 'A "table" & more',
  isTable: true,
  widths: [10, 20],
  rows,
  numbers: [0],
  totals: [],
});
const filesOf = (sheets: readonly WorkbookSheet[]): Record<string, string> => {
  const files = unzipSync(Buffer.concat([...workbookBytes(sheets)]));
  return Object.fromEntries(Object.entries(files).map(([path, bytes]) => [path, strFromU8(bytes)]));
};
const sheetOf = (rows: Iterable<WorkbookRow>): string => filesOf([table(rows)])['xl/worksheets/sheet1.xml'] ?? '';
const cellAt = (sheet: string, place: string): string => new RegExp(`<c r="${place}"[^]*?</c>`).exec(sheet)?.[0] ?? '';

const LONE_HALF = String.fromCharCode(0xd800);

describe('a workbook', () => {
  it('has numbers digit by digit, days as days, and text as text', () => {
    const sheet = sheetOf([
      ['Amount', 'Day', 'Who'],
      [{ number: '-12345678901.123456', decimals: 6 }, { day: '2026-11-21' }, '=HYPERLINK("x")'],
    ]);
    expect(cellAt(sheet, 'A2')).toBe('<c r="A2" s="5"><v>-12345678901.123456</v></c>');
    // The 46,347th day after 30 December 1899.
    expect(cellAt(sheet, 'B2')).toBe('<c r="B2" s="2"><v>46347</v></c>');
    expect(cellAt(sheet, 'C2')).toContain('t="inlineStr"><is><t xml:space="preserve">=HYPERLINK(&quot;x&quot;)</t>');
    expect(sheet).toContain('<autoFilter ref="A1:C2"/>');
  });

  it('keeps text that XML, or a spreadsheet, would take for something else', () => {
    const sheet = sheetOf([['header'], [` <b> & "q"\n_x0041_ \u0001${LONE_HALF}😀`]]);
    expect(cellAt(sheet, 'A2')).toContain('> &lt;b&gt; &amp; &quot;q&quot;\n_x005F_x0041_ 😀</t>');
    expect(filesOf([table([])])['xl/workbook.xml']).toContain('name="A &quot;table&quot; &amp; more"');
  });

  it('has its sums below the filter, and headers of numbers over them', () => {
    const rows = [['Amount'], [{ number: '1', decimals: 2 as const }]];
    const files = filesOf([{ ...table(rows), totals: [[{ number: '1', decimals: 2 }, 'Total'], ['Rounding']] }]);
    const sheet = files['xl/worksheets/sheet1.xml'] ?? '';
    expect(cellAt(sheet, 'A1')).toContain('s="6"');
    expect(cellAt(sheet, 'A3')).toBe('<c r="A3" s="8"><v>1</v></c>');
    expect(cellAt(sheet, 'B3')).toContain('s="1"');
    expect(cellAt(sheet, 'A4')).toContain('s="1"');
    expect(sheet).toContain('<autoFilter ref="A1:A2"/>');
  });

  it('is printed as wide as the page, with its header on each', () => {
    const files = filesOf([{ ...table([['Amount']]), name: "Ada's" }]);
    expect(files['xl/worksheets/sheet1.xml']).toContain('orientation="landscape" fitToWidth="1" fitToHeight="0"');
    expect(files['xl/workbook.xml']).toContain(`localSheetId="0">'Ada''s'!$1:$1</definedName>`);
  });

  it('leaves while its rows are made, so that memory holds a piece of it', () => {
    let made = 0;
    const rows = {
      *[Symbol.iterator](): Iterator<WorkbookRow> {
        for (; made < 100_000; made++) yield [`tenant ${made * 7919}`, { number: String(made), decimals: 0 }];
      },
    };
    const madeAt: number[] = [];
    for (const piece of workbookBytes([table(rows)])) if (piece.length > 0) madeAt.push(made);
    expect(made).toBe(100_000);
    // The compressor waits for some hundred kilobytes of text, a row has more than a hundred bytes.
    const between = madeAt.map((count, i) => count - (madeAt[i - 1] ?? 0));
    expect(Math.max(...between)).toBeLessThan(3_000);
  });

  it('has every sheet of the format, the same bytes each time', async () => {
    const bytes = async () => {
      const [file] = xlsxFormat.files(context(), sources());
      const pieces: Uint8Array[] = [];
      for await (const piece of file?.pieces() ?? []) pieces.push(Buffer.from(piece));
      return Buffer.concat(pieces);
    };
    const first = await bytes();
    expect((await bytes()).equals(first)).toBe(true);
    const names = /<sheets>.*<\/sheets>/.exec(strFromU8(unzipSync(first)['xl/workbook.xml'] ?? new Uint8Array()))?.[0];
    const expected = ['Summary', 'Cost centres', 'Tenant x SKU', 'Adjustments', 'Reconciliation', 'Notes'];
    expect([...(names ?? '').matchAll(/name="([^"]*)"/g)].map((match) => match[1])).toEqual(expected);
  });
});
