// Whether a usage's date can be believed. A gateway whose clock jumped dates usage into a month that has not begun, or years
// back, and with it chooses the wrong month and the wrong price. The database's clock, by which it was journalled, is the
// witness. Late usage is normal (a gateway may be offline for weeks); usage from the future is not.

/** How far a gateway's clock may run ahead of the database's. */
export const AHEAD_MS_MAX = 15 * 60_000;
/** How late usage may be journalled; a spool does not wait for longer. */
export const LATE_MS_MAX = 90 * 86_400_000;

/** What is wrong with the date, in words that say the way out; null when it can be believed. */
export function dateProblem(usage: {
  readonly id: string;
  readonly occurredAtMs: number;
  readonly journalledAtMs: number;
}): string | null {
  const { id, occurredAtMs, journalledAtMs } = usage;
  const late = journalledAtMs - occurredAtMs;
  if (late >= -AHEAD_MS_MAX && late <= LATE_MS_MAX) return null;
  const where = late < 0 ? 'after' : 'long before';
  return (
    `is dated ${iso(occurredAtMs)}, ${where} it was journalled (${iso(journalledAtMs)}): check the gateway's clock, then ` +
    `\`usage release ${id} --reason ...\`, with --occurred-at when the date is wrong`
  );
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
