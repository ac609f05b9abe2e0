const DAY_MS = 86_400_000;

/** The UTC day that an instant is in, from its first millisecond (inclusive) to that of the next day (exclusive). */
export function utcDay(atMs: number): { readonly fromMs: number; readonly toMs: number } {
  const fromMs = Math.floor(atMs / DAY_MS) * DAY_MS;
  return { fromMs, toMs: fromMs + DAY_MS };
}

/** So many days before. */
export function daysBefore(atMs: number, days: number): number {
  return atMs - days * DAY_MS;
}
