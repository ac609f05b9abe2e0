// Whether a month agrees with the vendor's books, told to the close of periods: when every day of it has a final run of
// every source and the newest of each is neither alarming nor without usage that is not booked; a pool that is no source any
// more counts by the runs that it has, and its days without one are the checklist's to find (ADR 124). Days are UTC, months are
// the company's: a company elsewhere has some hours of its month in a day of the neighbour's, which close by their own day.
import type { PoolId } from '@trunkline/kernel';
import { numberText, type Queryable } from '@trunkline/platform/database';
import { z } from 'zod';

const MONTH_CHARS = '2026-11'.length;
const row = z.object({ days: numberText, open: numberText });
const stateRow = z.object({ state: z.string() });

/** The final run that was just made. */
interface MadeRun {
  readonly id: string;
  readonly poolId: PoolId;
  readonly day: string;
}

/** What a month (`2026-11`) came to. */
export interface MonthFinding {
  readonly month: string;
  readonly state: 'ok' | 'missing';
  readonly reason: string;
}

/**
 * Looks at the month of a final run for what changed by it: reconciled, not any more, or worse than it was known to be. Such
 * news ends what was waived before it. Null: nothing changed.
 */
export async function monthFound(
  db: Queryable,
  made: MadeRun,
  sources: readonly { readonly poolId: PoolId }[],
): Promise<MonthFinding | null> {
  const month = made.day.slice(0, MONTH_CHARS);
  const first = `${month}-01`;
  const pools = sources.map(({ poolId }) => poolId as string);
  const found = await db.$queryRaw`
    WITH asked AS (
      SELECT p.pool_id, d.day::date AS day
        FROM generate_series(${first}::date, (${first}::date + interval '1 month - 1 day')::date, '1 day') AS d(day)
       CROSS JOIN unnest(${pools}::text[]) AS p(pool_id)
      UNION
      SELECT pool_id, day FROM reconciliation_run
       WHERE day >= ${first}::date AND day < ${first}::date + interval '1 month' AND stage = 'final'
    )
    SELECT count(*)::text AS days, count(*) FILTER (WHERE newest.agrees IS NOT TRUE)::text AS open
      FROM asked AS d
      LEFT JOIN LATERAL (
        SELECT NOT r.alarming AND r.unbooked = 0 AND r.theirs_cost IS NOT NULL AS agrees
          FROM reconciliation_run r
         WHERE r.pool_id = d.pool_id AND r.day = d.day AND r.stage = 'final'
         ORDER BY r.ran_at DESC, r.id LIMIT 1) AS newest ON true`;
  const [{ days, open } = { days: 0, open: 0 }] = z.array(row).parse(found);
  const state = days > 0 && open === 0 ? 'ok' : 'missing';
  const isNews = state === 'missing' && (await isWorse(db, made));
  const reason =
    state === 'ok'
      ? `${days} days agree with the vendor's books`
      : `${open} of ${days} days are not final or do not agree${isNews ? `, and now ${made.day} does not` : ''}`;
  const before = await db.$queryRaw`
    SELECT state FROM period_check
     WHERE tenant_id IS NULL AND period = ${month} AND check_name = 'reconciled' ORDER BY id DESC LIMIT 1`;
  const known = z.array(stateRow).parse(before)[0]?.state ?? 'missing';
  // A waiver is a person's word about what they knew: a machine that still says the same does not take it back.
  const isKnown = known === state || (known === 'waived' && state === 'missing');
  return isKnown && !isNews ? null : { month, state, reason };
}

// A run that does not agree, of a day that agreed until then, had no final run, or had less amiss: a repeat is no news, nor is
// a run that had been asked for before the newest was. Less amiss is looked at part by part, for a sum hides a key that is
// used past us behind another that is not any more, and has nothing of what has no price.
async function isWorse(db: Queryable, { id, poolId, day }: MadeRun): Promise<boolean> {
  const found = await db.$queryRaw`
    WITH made AS (
      SELECT *, NOT (alarming OR unbooked > 0 OR theirs_cost IS NULL) AS agrees FROM reconciliation_run WHERE id = ${id}
    ), former AS (
      SELECT r.*, NOT (r.alarming OR r.unbooked > 0 OR r.theirs_cost IS NULL) AS agrees
        FROM reconciliation_run r
       WHERE r.pool_id = ${poolId} AND r.day = ${day}::date AND r.stage = 'final' AND r.id <> ${id}
       ORDER BY r.ran_at DESC, r.id LIMIT 1
    )
    SELECT FROM made LEFT JOIN former ON true
     WHERE NOT made.agrees AND (former.id IS NULL OR former.ran_at <= made.ran_at)
       AND (former.id IS NULL OR former.agrees OR made.unbooked > former.unbooked OR EXISTS (
             SELECT FROM reconciliation_difference d
              WHERE d.run_id = made.id AND d.class NOT IN ('timing', 'within_tolerance') AND NOT EXISTS (
                    SELECT FROM reconciliation_difference e
                     WHERE e.run_id = former.id AND e.class = d.class
                       AND (e.upstream_key_id, e.model, e.meter, e.line_item)
                           IS NOT DISTINCT FROM (d.upstream_key_id, d.model, d.meter, d.line_item)
                       AND abs(e.difference) >= abs(d.difference)
                       AND abs(coalesce(e.amount, 0)) >= abs(coalesce(d.amount, 0)))))`;
  return z.array(z.unknown()).parse(found).length > 0;
}
