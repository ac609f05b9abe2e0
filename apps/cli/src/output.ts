// How answers are shown: an aligned table for people, JSON with --json for scripts. Names come from administrators and may
// hold anything; control characters were refused when they were given, and are escaped here all the same.

/** A row by column name. */
export type Row = Readonly<Record<string, string | number | null | readonly string[]>>;

/** What a question is answered with: everything for scripts, tables for people. */
export interface Answer {
  readonly json: unknown;
  /** Those without rows are left out. */
  readonly tables: readonly (readonly Row[])[];
}

/** The rows as a table or as JSON. */
export function formatRows(rows: readonly Row[], asJson: boolean): string {
  if (asJson) return `${JSON.stringify(rows, null, 2)}\n`;
  const [first] = rows;
  if (!first) return '(none)\n';
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
  if (asJson) return `${JSON.stringify(json, null, 2)}\n`;
  const filled = tables.filter((rows) => rows.length > 0);
  return filled.length === 0 ? formatRows([], false) : filled.map((rows) => formatRows(rows, false)).join('\n');
}

function cell(value: Row[string] | undefined): string {
  if (value === null || value === undefined) return '-';
  const text = typeof value === 'object' ? value.join(',') : String(value);
  return text.replace(/\p{Cc}/gu, (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`);
}
