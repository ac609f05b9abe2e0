// CSV in two profiles. `machine` is RFC 4180 as programs read it: UTF-8 without a mark, and no value changed. `excel` is for
// people who double-click: a byte order mark, the separator and decimal sign of their country, and text that a
// spreadsheet would run is made inert. Only text is guarded: a negative amount stays a number.
import { startsLikeFormula } from '@trunkline/kernel';

/** What a column holds. `text` is guarded in the Excel profile, `decimal` gets its decimal sign. */
export type ColumnKind = 'text' | 'decimal' | 'integer' | 'day' | 'instant';

/** A column of rows of one kind. */
export interface Column<Row> {
  readonly name: string;
  readonly kind: ColumnKind;
  /** Null: nothing there; an empty cell. */
  readonly value: (row: Row) => string | null;
}

/** How a file is written. */
export interface CsvProfile {
  readonly byteOrderMark: boolean;
  readonly separator: ',' | ';' | '\t';
  readonly decimalComma: boolean;
  readonly guardFormulas: boolean;
}

export const MACHINE: CsvProfile = {
  byteOrderMark: false,
  separator: ',',
  decimalComma: false,
  guardFormulas: false,
};

const LINE_END = '\r\n';
const BOM = '\uFEFF';

/** The header line, with the mark where the profile has one. */
export function csvHeader<Row>(columns: readonly Column<Row>[], profile: CsvProfile): string {
  const names = columns.map(({ name }) => quoted(name, profile.separator));
  return `${profile.byteOrderMark ? BOM : ''}${names.join(profile.separator)}${LINE_END}`;
}

/** One line. */
export function csvLine<Row>(row: Row, columns: readonly Column<Row>[], profile: CsvProfile): string {
  let line = '';
  for (const [i, { kind, value }] of columns.entries()) {
    if (i > 0) line += profile.separator;
    const text = value(row);
    if (text !== null) line += quoted(shaped(text, kind, profile), profile.separator);
  }
  return line + LINE_END;
}

/** Header and lines of all rows, in pieces of the size of a batch. `counted` is told how many rows each had. */
export async function* csvOf<Row>(
  rows: AsyncIterable<readonly Row[]>,
  columns: readonly Column<Row>[],
  profile: CsvProfile,
): AsyncIterable<string> {
  yield csvHeader(columns, profile);
  for await (const batch of rows) yield batch.map((row) => csvLine(row, columns, profile)).join('');
}

function shaped(text: string, kind: ColumnKind, { decimalComma, guardFormulas }: CsvProfile): string {
  if (kind === 'decimal') return decimalComma ? text.replace('.', ',') : text;
  return kind === 'text' && guardFormulas && startsLikeFormula(text) ? `'${text}` : text;
}

function quoted(text: string, separator: string): string {
  const plain = !text.includes(separator) && !/["\r\n]/.test(text);
  return plain ? text : `"${text.replaceAll('"', '""')}"`;
}
