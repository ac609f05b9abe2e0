// The periods of a spending limit: the UTC day and the UTC calendar month, as numbers that order and compare. Every store
// computes them alike from its own clock (`budget.lua` has the same arithmetic).

const DAY_MS = 86_400_000;

/** The periods that a tenant's spending is limited by. */
export type SpendPeriod = 'day' | 'month';

/** Both periods of an instant. */
export interface Periods {
  /** Days since 1 January 1970. */
  readonly day: number;
  /** Twelve times the year, plus the month from 0. */
  readonly month: number;
}

/** @param atMs Unix milliseconds. */
export function periodsAt(atMs: number): Periods {
  const date = new Date(atMs);
  return { day: Math.floor(atMs / DAY_MS), month: date.getUTCFullYear() * 12 + date.getUTCMonth() };
}

/** Where the period after the one of this instant begins, in Unix milliseconds. */
export function nextStartMs(period: SpendPeriod, atMs: number): number {
  const { day, month } = periodsAt(atMs);
  const { dayMs, monthMs } = startsOf({ day: day + 1, month: month + 1 });
  return period === 'day' ? dayMs : monthMs;
}

/** Where both periods begin, in Unix milliseconds. */
export function startsOf({ day, month }: Periods): { readonly dayMs: number; readonly monthMs: number } {
  return { dayMs: day * DAY_MS, monthMs: Date.UTC(Math.floor(month / 12), month % 12) };
}
