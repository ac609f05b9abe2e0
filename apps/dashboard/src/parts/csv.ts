// What is seen, as CSV (RFC 4180). A cell that a spreadsheet would take for a formula gets an apostrophe before it; numbers stay
// numbers.

/** A cell of a table, as it is sorted, filtered and exported. */
export type CellValue = string | number | null;

const FORMULA = /^[=+\-@\t\r]/;
const NUMBER = /^-?\d+(\.\d+)?$/;

/** Rows with a header line. */
export function csvOf(header: readonly string[], rows: readonly (readonly CellValue[])[]): string {
  return [header, ...rows].map((cells) => `${cells.map(cellOf).join(',')}\r\n`).join('');
}

function cellOf(value: CellValue): string {
  if (value === null) return '';
  const text = String(value);
  const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
