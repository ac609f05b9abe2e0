// What the books say of a month that is to be closed: the facts of its checklist. Counts read partial indexes; who may still
// change them is held by the caller.
import { PERIOD_CHECK_NAMES, type CloseFacts, type RecordedCheck, type UncomparedPool } from '@trunkline/ledger';
import { instantText, numberText, type Queryable } from '@trunkline/platform/database';
import { z } from 'zod';
import type { BookingContext } from './company.js';
import type { Place } from './hold-periods.js';
import { periodText } from './period-text.js';

const countsRow = z.object({ pending: numberText, unrated: numberText, parked: numberText, estimates: numberText });
const recordedRow = z.object({
  check: z.string(),
  state: z.enum(['ok', 'waived', 'missing']),
  count: numberText.nullable(),
  actor: z.string(),
  reason: z.string(),
});
const uncomparedRow = z.object({ slug: z.string(), vendor: z.string(), days: numberText });

/** The facts, but for the chain, which takes longer to read. */
export async function closeFactsOf(
  tx: Queryable,
  place: Place,
  { calendar, nowMs, graceDays }: BookingContext & { readonly graceDays: number },
): Promise<Omit<CloseFacts, 'chainBreak'>> {
  const bounds = calendar.boundsOf(place.period);
  return {
    period: place.period,
    bounds,
    nowMs,
    graceDays,
    earlierOpen: await earlierOpenOf(tx, place),
    ...(await countsOf(tx, place, bounds)),
    uncompared: await uncomparedOf(tx, place),
    recorded: await recordedOf(tx, place),
  };
}

// A report without usage waits for nobody once its estimate is in the books. Usage with a date that cannot be belongs to the month in which it was journalled as well.
async function countsOf(
  tx: Queryable,
  { tenantId }: Place,
  bounds: { readonly fromMs: number; readonly toMs: number },
) {
  const [from, to] = [instantText(bounds.fromMs), instantText(bounds.toMs)];
  const rows = await tx.$queryRaw`
    SELECT count(*) FILTER (WHERE rating_state = 'pending')::text AS pending,
           count(*) FILTER (WHERE rating_state = 'unrated')::text AS unrated,
           count(*) FILTER (WHERE rating_state = 'parked' AND NOT (problem = 'usage_missing' AND EXISTS (
             SELECT FROM usage_event e WHERE e.fact_id = u.id AND e.rating_state = 'rated')))::text AS parked,
           ((SELECT count(*) FROM owed_usage WHERE tenant_id = ${tenantId} AND seen_at < ${to}::timestamptz)
            + (SELECT count(*) FROM session WHERE end_cause IS NULL AND tenant_id = ${tenantId}
                  AND opened_at < ${to}::timestamptz))::text AS estimates
      FROM usage_event u
     WHERE rating_state IN ('pending', 'unrated', 'parked') AND tenant_id = ${tenantId}
       AND (occurred_at >= ${from}::timestamptz AND occurred_at < ${to}::timestamptz
            OR problem = 'implausible_time'
               AND journalled_at >= ${from}::timestamptz AND journalled_at < ${to}::timestamptz)`;
  return z.tuple([countsRow]).parse(rows)[0];
}

async function earlierOpenOf(tx: Queryable, { tenantId, period }: Place) {
  const rows = await tx.$queryRaw`
    SELECT min(period) AS period FROM accounting_period
     WHERE tenant_id = ${tenantId} AND period < ${period} AND status <> 'closed'`;
  return z.tuple([z.object({ period: periodText.nullable() })]).parse(rows)[0].period;
}

// By UTC days of the month's name, as reconciliation counts them. Usage of an earlier month that is booked in this one is not
// asked about: nobody compares a month again that is closed.
async function uncomparedOf(tx: Queryable, { tenantId, period }: Place): Promise<readonly UncomparedPool[]> {
  const rows = await tx.$queryRaw`
    WITH used AS (
      SELECT DISTINCT pool_id, (occurred_at AT TIME ZONE 'UTC')::date AS day
        FROM ledger_transaction
       WHERE tenant_id = ${tenantId} AND period = ${period} AND purpose = 'provider_cost' AND kind = 'usage' AND total <> 0
         AND to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM') = ${period}
    )
    SELECT coalesce(p.slug, u.pool_id) AS slug, coalesce(p.vendor, 'removed') AS vendor, count(*)::text AS days
      FROM used u LEFT JOIN pool p ON p.id = u.pool_id
     WHERE NOT EXISTS (SELECT FROM reconciliation_run r
                        WHERE r.pool_id = u.pool_id AND r.day = u.day AND r.stage = 'final')
     GROUP BY 1, 2 ORDER BY 1`;
  return z.array(uncomparedRow).parse(rows);
}

async function recordedOf(tx: Queryable, { tenantId, period }: Place): Promise<CloseFacts['recorded']> {
  const rows = await tx.$queryRaw`
    SELECT DISTINCT ON (check_name, state = 'waived') check_name AS check, state, count::text, actor, reason
      FROM period_check c
     WHERE period = ${period} AND (tenant_id IS NULL OR tenant_id = ${tenantId})
       AND NOT (state = 'waived' AND EXISTS (
             SELECT FROM period_check later
              WHERE later.period = c.period AND later.check_name = c.check_name AND later.state = 'missing'
                AND (later.tenant_id IS NULL OR later.tenant_id = ${tenantId}) AND later.id > c.id))
     ORDER BY check_name, state = 'waived', id DESC`;
  const recorded: Partial<Record<(typeof PERIOD_CHECK_NAMES)[number], RecordedCheck>> = {};
  for (const { check, state, ...said } of z.array(recordedRow).parse(rows)) {
    const known = PERIOD_CHECK_NAMES.find((name) => name === check);
    if (known === undefined) continue;
    const before = recorded[known] ?? { finding: null, waiver: null };
    recorded[known] =
      state === 'waived' ? { ...before, waiver: said } : { ...before, finding: { state, reason: said.reason } };
  }
  return recorded;
}
