// Whose books these are: one row with the name, the time zone of the months and the days of grace. Whoever books holds the
// row in share, so that the months stay as they are until the commit.
import { err, hasInvisible, ok, type Result } from '@trunkline/kernel';
import { calendarOf, isTimeZone, type Calendar } from '@trunkline/ledger';
import { numberText, type Database, type Queryable } from '@trunkline/platform/database';
import { z } from 'zod';
import { periodText } from './period-text.js';

/** The company, as everything that reports or exports names it. */
export interface Company {
  readonly name: string;
  readonly billingAccountId: string;
  /** IANA name. */
  readonly timeZone: string;
  /** Days after the end of a month before it may be closed. */
  readonly graceDays: number;
}

/** What a booking takes from the company: its months, and the one instant that all of its rows are posted at. */
export interface BookingContext {
  readonly calendar: Calendar;
  /** When the database transaction began, by the database's clock. */
  readonly nowMs: number;
}

const companyRow = z.object({
  name: z.string(),
  billingAccountId: z.string(),
  timeZone: z.string(),
  graceDays: z.number(),
});
const heldRow = z.object({ timeZone: z.string(), nowMs: numberText });

/** Reads the company. */
export async function loadCompany(db: Queryable): Promise<Company> {
  const rows = await db.$queryRaw`
    SELECT name, billing_account_id AS "billingAccountId", time_zone AS "timeZone", grace_days AS "graceDays" FROM company`;
  return z.tuple([companyRow]).parse(rows)[0];
}

/** Holds the company's months until the transaction ends. */
export async function holdCompany(tx: Queryable): Promise<BookingContext> {
  const rows = await tx.$queryRaw`
    SELECT time_zone AS "timeZone", (extract(epoch FROM now()) * 1000)::bigint::text AS "nowMs" FROM company FOR SHARE`;
  const [{ timeZone, nowMs }] = z.tuple([heldRow]).parse(rows);
  return { calendar: calendarOf(timeZone), nowMs };
}

/** What to change; what is not named stays. */
export type CompanyChange = Partial<Company>;

const GRACE_DAYS_MAX = 60;
const NAME_MAX = 200;

/**
 * Changes the company. The time zone is refused as soon as it would move anything: a booking to another day or month, or
 * where a month begins or ends that is closed or being closed. Reports go by the company's days, so a closed month would
 * not export to the same bytes again, and a cost centre would get other days.
 * @returns the company, or what is wrong and what to do.
 */
export async function updateCompany(
  db: Database,
  change: CompanyChange,
): Promise<Result<Company, { message: string }>> {
  const problem = problemOf(change);
  if (problem !== null) return err({ message: problem });
  return db
    .$transaction(async (tx) => {
      const before = await loadCompany(tx);
      const after = { ...before, ...change };
      // First, so that nobody books by the old months while the books are looked through.
      await tx.$executeRaw`
      UPDATE company SET name = ${after.name}, billing_account_id = ${after.billingAccountId},
                         time_zone = ${after.timeZone}, grace_days = ${after.graceDays}, updated_at = now()`;
      const moved = after.timeZone === before.timeZone ? null : await firstMoved(tx, before.timeZone, after.timeZone);
      if (moved === null) return ok(after);
      throw new TimeZoneRefused(
        `The time zone stays ${before.timeZone}: in ${after.timeZone}, ${moved}. Days and months in the books never ` +
          'move, so the time zone is for before the first booking.',
      );
    })
    .catch((error: unknown) => {
      if (error instanceof TimeZoneRefused) return err({ message: error.message });
      throw error;
    });
}

class TimeZoneRefused extends Error {
  override readonly name = 'TimeZoneRefused';
}

function problemOf({ name, billingAccountId, timeZone, graceDays }: CompanyChange): string | null {
  for (const [what, text] of [
    ['name', name],
    ['billing account', billingAccountId],
  ] as const)
    if (text !== undefined && (text.trim() === '' || text.length > NAME_MAX || hasInvisible(text)))
      return `The ${what} must have 1 to ${NAME_MAX} characters, none of them a control or invisible character.`;
  if (timeZone !== undefined && !isTimeZone(timeZone))
    return `"${timeZone}" is no time zone: give an IANA name such as Europe/Berlin, America/New_York or UTC.`;
  if (graceDays !== undefined && !(Number.isInteger(graceDays) && graceDays >= 0 && graceDays <= GRACE_DAYS_MAX))
    return `The days of grace must be a whole number from 0 to ${GRACE_DAYS_MAX}.`;
  return null;
}

const movedRow = z.object({ id: z.string(), occurredAt: z.string(), day: z.string(), otherDay: z.string() });

/** The first thing in the books that another time zone would move, in words; null: there is none. */
async function firstMoved(tx: Queryable, timeZone: string, other: string): Promise<string | null> {
  const rows = await tx.$queryRaw`
    SELECT id, to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "occurredAt",
           (occurred_at AT TIME ZONE ${timeZone})::date::text AS day,
           (occurred_at AT TIME ZONE ${other})::date::text AS "otherDay"
      FROM ledger_transaction
     WHERE (occurred_at AT TIME ZONE ${timeZone})::date <> (occurred_at AT TIME ZONE ${other})::date
     ORDER BY occurred_at, id LIMIT 1`;
  const [moved] = z.array(movedRow).parse(rows);
  if (moved !== undefined)
    return `${moved.id}, booked for ${moved.occurredAt}, would move from ${moved.day} to ${moved.otherDay}`;
  const begun = await tx.$queryRaw`
    SELECT DISTINCT period FROM accounting_period WHERE status <> 'open' ORDER BY period`;
  const [calendar, another] = [calendarOf(timeZone), calendarOf(other)];
  for (const { period } of z.array(z.object({ period: periodText })).parse(begun)) {
    const [bounds, others] = [calendar.boundsOf(period), another.boundsOf(period)];
    if (bounds.fromMs !== others.fromMs || bounds.toMs !== others.toMs)
      return `${period}, which is closed or being closed, would begin or end at another time`;
  }
  return null;
}
