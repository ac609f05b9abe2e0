// Periods: the months of the company's time zone. Guarantees that months follow each other without gap or overlap, so that
// each instant is in exactly one, also where a clock changes at midnight of the first. Which month is open is for the
// database; in which one a booking goes, given that, is said here.

/** A month of the company's time zone, e.g. `2026-11`. Sorts by time. */
export type Period = `${number}-${string}`;

/** The instants of a period, Unix milliseconds: from (inclusive) to (exclusive). */
export interface PeriodBounds {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The months of one time zone. */
export interface Calendar {
  readonly timeZone: string;
  /** The period of an instant. @param atMs Unix milliseconds. */
  periodOf(atMs: number): Period;
  boundsOf(period: Period): PeriodBounds;
}

const PERIOD = /^\d{4}-(0[1-9]|1[0-2])$/;
// `Etc/GMT+5`, `America/Argentina/Buenos_Aires`, `UTC`; not `+05:00`, which PostgreSQL reads the other way round.
const ZONE_NAME = /^[A-Z][A-Za-z_]*(\/[A-Za-z][A-Za-z0-9_+-]*)*$/;
const MONTHS = 12;
const MONTHS_BACK_MAX = 10 * MONTHS;
const MONTH_DIGITS = 2;
// No zone is further from UTC than 14 hours.
const OFFSET_MS_MAX = 24 * 3_600_000;

/** Reads `2026-11`; null when it is no month. */
export function parsePeriod(text: string): Period | null {
  return isPeriod(text) ? text : null;
}

/** The month after. */
export function nextPeriod(period: Period): Period {
  return periodAt(monthNumber(period) + 1);
}

/** The month before. */
export function previousPeriod(period: Period): Period {
  return periodAt(monthNumber(period) - 1);
}

/** A month that is longer ago than anybody can mean: `2016-11` for `2026-11`. @param running the month that it is */
export function isLongAgo(period: Period, running: Period): boolean {
  return monthNumber(running) - monthNumber(period) >= MONTHS_BACK_MAX;
}

/**
 * The period in which something about `wanted` is booked: itself, or the first after it that is not closed. Only months
 * that are over close, so there always is one, at the latest the running month.
 */
export function firstOpenFrom(wanted: Period, isClosed: (period: Period) => boolean): Period {
  let period = wanted;
  while (isClosed(period)) period = nextPeriod(period);
  return period;
}

/** Whether a calendar can be made of this time zone: an IANA name that this release knows. */
export function isTimeZone(name: string): boolean {
  if (!ZONE_NAME.test(name)) return false;
  try {
    monthFormat(name);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** The months of a time zone. @throws RangeError when it is none (see `isTimeZone`). */
export function calendarOf(timeZone: string): Calendar {
  const format = monthFormat(timeZone);
  const starts = new Map<Period, number>();
  const startOf = (period: Period): number => {
    const known = starts.get(period);
    if (known !== undefined) return known;
    const start = firstInstantOf(period, (atMs) => localMonth(format, atMs));
    starts.set(period, start);
    return start;
  };
  const boundsOf = (period: Period): PeriodBounds => ({ fromMs: startOf(period), toMs: startOf(nextPeriod(period)) });
  let latest: { readonly period: Period; readonly bounds: PeriodBounds } | null = null;
  const periodOf = (atMs: number): Period => {
    if (latest !== null && isWithin(atMs, latest.bounds)) return latest.period;
    const local = periodAt(localMonth(format, atMs));
    // One apart only in the hour in which a clock goes back over midnight of the first.
    const period = [local, nextPeriod(local), previousPeriod(local)].find((each) => isWithin(atMs, boundsOf(each)));
    if (period === undefined) throw new RangeError(`no month of ${timeZone} holds the instant ${atMs}`);
    latest = { period, bounds: boundsOf(period) };
    return period;
  };
  return { timeZone, periodOf, boundsOf };
}

function isPeriod(text: string): text is Period {
  return PERIOD.test(text);
}

function isWithin(atMs: number, { fromMs, toMs }: PeriodBounds): boolean {
  return atMs >= fromMs && atMs < toMs;
}

// Halves the days around midnight UTC until one millisecond is left: exact whatever the zone does at its midnight.
function firstInstantOf(period: Period, monthAt: (atMs: number) => number): number {
  const wanted = monthNumber(period);
  const utc = Date.UTC(Math.floor(wanted / MONTHS), wanted % MONTHS);
  let [before, from] = [utc - OFFSET_MS_MAX, utc + OFFSET_MS_MAX];
  while (from - before > 1) {
    const middle = Math.floor((before + from) / 2);
    if (monthAt(middle) >= wanted) from = middle;
    else before = middle;
  }
  return from;
}

function monthFormat(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-u-ca-iso8601-nu-latn', { timeZone, year: 'numeric', month: 'numeric' });
}

/** Months since year 0. */
function localMonth(format: Intl.DateTimeFormat, atMs: number): number {
  const parts = format.formatToParts(atMs);
  const part = (type: 'year' | 'month'): number => Number(parts.find((each) => each.type === type)?.value);
  return part('year') * MONTHS + part('month') - 1;
}

function monthNumber(period: Period): number {
  return Number(period.slice(0, -MONTH_DIGITS - 1)) * MONTHS + Number(period.slice(-MONTH_DIGITS)) - 1;
}

function periodAt(month: number): Period {
  const year = Math.floor(month / MONTHS);
  return `${year}-${String((month % MONTHS) + 1).padStart(MONTH_DIGITS, '0')}`;
}
