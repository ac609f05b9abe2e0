// The period a transaction is booked in: the UTC month in which the usage occurred. One calendar for all tenants for now;
// opening, closing and what happens to late usage come with period close.

/** A UTC month, e.g. `2026-11`. */
export type Period = `${number}-${string}`;

const MONTH_DIGITS = 2;

/** The period of an instant. @param atMs Unix milliseconds. */
export function periodOf(atMs: number): Period {
  const date = new Date(atMs);
  const month = String(date.getUTCMonth() + 1).padStart(MONTH_DIGITS, '0');
  return `${date.getUTCFullYear()}-${month}`;
}
