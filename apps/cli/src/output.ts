// How answers are shown: an aligned table for people, JSON with --json for scripts, CSV where a command has it. Names come from
// administrators, other texts from apps, vendors and callers, and may hold anything: what a terminal would obey or a
// spreadsheet would run is made inert here, whatever was refused before.
import { startsLikeFormula } from '@trunkline/kernel';

/** A row by column name. */
export type Row = Readonly<Record<string, string | number | null | readonly string[]>>;

/** What a question is answered with: everything for scripts, tables for people. */
export interface Answer {
  readonly json: unknown;
  /** Those without rows are left out. */
  readonly tables: readonly (readonly Row[])[];
}

/** The rows as a table or as JSON. */
export function formatRows(rows: readonly Row[], asJson: boolean, ifNone = 'none'): string {
  if (asJson) return formatJson(rows);
  const [first] = rows;
  if (!first) return `(${ifNone})\n`;
  const columns = Object.keys(first);
  const lines = [columns, ...rows.map((row) => columns.map((column) => cell(row[column])))];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  return lines
    .map(
      (line) =>
        `${line
          .map((text, i) => text.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** Tables with an empty line between them, or everything as JSON. */
export function formatAnswer({ json, tables }: Answer, asJson: boolean): string {
  if (asJson) return formatJson(json);
  const filled = tables.filter((rows) => rows.length > 0);
  return filled.length === 0 ? formatRows([], false) : filled.map((rows) => formatRows(rows, false)).join('\n');
}

/** The rows as CSV that any spreadsheet may open: what it would run begins with an apostrophe. */
export function formatCsv(rows: readonly Row[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const lines = [columns, ...rows.map((row) => columns.map((column) => csvCell(row[column])))];
  return lines.map((line) => `${line.join(',')}\r\n`).join('');
}

function csvCell(value: Row[string] | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = inert(typeof value === 'object' ? value.join(', ') : value);
  return `"${(startsLikeFormula(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
}

function formatJson(json: unknown): string {
  // JSON escapes only the older half of the control characters, and its own line breaks are meant.
  return `${inert(JSON.stringify(json, null, 2), /[\n]/)}\n`;
}

function cell(value: Row[string] | undefined): string {
  if (value === null || value === undefined) return '-';
  return inert(typeof value === 'object' ? value.join(',') : String(value));
}

// Control characters, line separators, and marks that turn the direction of what follows them.
const OBEYED = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** What a terminal would obey, as the escapes of JSON. */
function inert(text: string, meant?: RegExp): string {
  const escaped = (char: string): string => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
  return text.replace(OBEYED, (char) => (meant?.test(char) === true ? char : escaped(char)));
}
