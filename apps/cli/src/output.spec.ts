import { formatCsv, formatRows } from './output.js';

// Red, the other way of writing an escape sequence, text from right to left, and a formula.
const HOSTILE = '\u001b[31m\u009b2J\u202etxt\u2028=HYPERLINK("http://x")';

describe('what strangers wrote, on a terminal', () => {
  it('has nothing in it that a terminal obeys, as a table or as JSON', () => {
    for (const asJson of [true, false]) {
      const shown = formatRows([{ text: HOSTILE, list: [HOSTILE] }], asJson);
      expect(shown.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e\u2028]/u);
    }
  });

  it('is in JSON what it was', () => {
    expect(JSON.parse(formatRows([{ text: HOSTILE }], true))).toEqual([{ text: HOSTILE }]);
  });
});

describe('CSV', () => {
  it('has no cell that a spreadsheet runs, and no line that a cell made', () => {
    const csv = formatCsv([{ name: '=1+1', n: -5, text: 'a "b"\r\n@c', none: null }]);
    expect(csv).toBe('name,n,text,none\r\n"\'=1+1",-5,"a ""b""\\u000d\\u000a@c",\r\n');
  });
});
