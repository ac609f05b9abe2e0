// Sorting and filtering of what a table shows. Decimal strings are compared as numbers without becoming floats.
import type { CellValue } from './csv.js';

const DECIMAL = /^-?\d+(\.\d+)?$/;

/** Negative, zero or positive as `a` comes before, with or after `b`; what is not there comes last. */
export function compareCells(a: CellValue, b: CellValue): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [left, right] = [String(a), String(b)];
  return DECIMAL.test(left) && DECIMAL.test(right) ? compareDecimals(left, right) : left.localeCompare(right);
}

/** Whether any cell of a row holds what was typed. */
export function rowMatches(cells: readonly CellValue[], typed: string): boolean {
  const wanted = typed.trim().toLowerCase();
  return wanted === '' || cells.some((cell) => cell !== null && String(cell).toLowerCase().includes(wanted));
}

/** The order that is written in an address: `name`, or `-name` for the other way round. */
export function sortedBy<Row>(
  rows: readonly Row[],
  order: string,
  valueOf: (row: Row, column: string) => CellValue,
): readonly Row[] {
  if (order === '') return rows;
  const column = order.replace(/^-/, '');
  const sign = order.startsWith('-') ? -1 : 1;
  return [...rows].sort((a, b) => sign * compareCells(valueOf(a, column), valueOf(b, column)));
}

function compareDecimals(a: string, b: string): number {
  const places = Math.max(decimalsOf(a), decimalsOf(b));
  const [left, right] = [scaled(a, places), scaled(b, places)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function decimalsOf(text: string): number {
  const point = text.indexOf('.');
  return point === -1 ? 0 : text.length - point - 1;
}

function scaled(text: string, places: number): bigint {
  return BigInt(text.replace('.', '') + '0'.repeat(places - decimalsOf(text)));
}
