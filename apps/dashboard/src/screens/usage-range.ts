// The range of time that is asked for: what was chosen, moved to where the buckets begin and end, since the API takes no half ones.

/** A range of days; empty: as the API has it. */
export interface DayRange {
  readonly from: string;
  readonly to: string;
}

const MONTHS = 12;
const DAY_MS = 86_400_000;

/** @param today such as 2026-11-28 */
export function rangeFor(bucket: string, { from, to }: DayRange, today: string): DayRange {
  if (bucket === 'month')
    return {
      from: `${(from || monthsBefore(today, MONTHS - 1)).slice(0, 7)}-01`,
      to: isFirst(to) ? to : monthsBefore(to || today, -1),
    };
  // Hours of a month are too many to look at.
  if (bucket === 'hour' && from === '') return { from: daysBefore(to || today, to === '' ? 1 : 2), to };
  return { from, to };
}

function isFirst(day: string): boolean {
  return day.endsWith('-01');
}

function monthsBefore(day: string, months: number): string {
  const [year = 0, month = 1] = day.split('-').map(Number);
  return new Date(Date.UTC(year, month - 1 - months, 1)).toISOString().slice(0, 10);
}

function daysBefore(day: string, days: number): string {
  return new Date(Date.parse(day) - days * DAY_MS).toISOString().slice(0, 10);
}
