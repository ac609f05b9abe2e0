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
  return lineOf(row, cellsOf(columns, profile), profile.separator);
}

/** Header and lines of all rows, in pieces of the size of a batch. */
export async function* csvOf<Row>(
  rows: AsyncIterable<readonly Row[]>,
  columns: readonly Column<Row>[],
  profile: CsvProfile,
): AsyncIterable<string> {
  yield csvHeader(columns, profile);
  const cells = cellsOf(columns, profile);
  for await (const batch of rows) yield batch.map((row) => lineOf(row, cells, profile.separator)).join('');
}

/** Writes one column of a row; settled once a file, since a month has tens of millions of cells. */
type Cell<Row> = (row: Row) => string;

function cellsOf<Row>(columns: readonly Column<Row>[], profile: CsvProfile): readonly Cell<Row>[] {
  return columns.map(({ kind, value }) => {
    const write = writerOf(kind, profile);
    return (row) => {
      const text = value(row);
      return text === null ? '' : write(text);
    };
  });
}

function lineOf<Row>(row: Row, cells: readonly Cell<Row>[], separator: string): string {
  let line = '';
  for (let i = 0; i < cells.length; i++) line += (i > 0 ? separator : '') + (cells[i]?.(row) ?? '');
  return line + LINE_END;
}

function writerOf(kind: ColumnKind, { separator, decimalComma, guardFormulas }: CsvProfile): (text: string) => string {
  switch (kind) {
    // Digits, signs and letters: nothing in them ever needs quotes.
    case 'integer':
    case 'day':
    case 'instant':
      return (text) => text;
    case 'decimal':
      return decimalComma ? (text) => quoted(text.replace('.', ','), separator) : (text) => text;
    case 'text':
      return guardFormulas
        ? (text) => quoted(startsLikeFormula(text) ? `'${text}` : text, separator)
        : (text) => quoted(text, separator);
  }
}

const NEEDS_QUOTES = { ',': /[,"\r\n]/, ';': /[;"\r\n]/, '\t': /[\t"\r\n]/ } as const;

function quoted(text: string, separator: CsvProfile['separator']): string {
  return NEEDS_QUOTES[separator].test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
