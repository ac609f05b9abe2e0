// Our side of a reconciliation: what the ledger and the journal have of a pool by UTC day, model and meter, as far as the pool
// was an account of the vendor that is compared with: it may have become one, or be none any more.
import type { PoolId } from '@trunkline/kernel';
import { amountText, numberText, wholeText, type Queryable } from '@trunkline/platform/database';
import { z } from 'zod';
import { RECONCILED_VENDOR, type OurUse, type UnreportedUse } from '../../index.js';

/** Days from (inclusive) and to (exclusive), Unix milliseconds at midnight UTC. */
export interface DaysRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Our side. */
export interface OurBooks {
  readonly ours: readonly OurUse[];
  readonly unreported: readonly UnreportedUse[];
  /** Usage events by day that are not booked. */
  readonly unbooked: ReadonlyMap<number, number>;
}

const useRow = z.object({
  dayMs: numberText,
  model: z.string(),
  meter: z.string(),
  reportedMicro: wholeText,
  estimatedMicro: wholeText,
  unbookedMicro: wholeText,
  nearStartMicro: wholeText,
  nearEndMicro: wholeText,
  cost: amountText,
});
const countRow = z.object({ dayMs: numberText, model: z.string(), events: numberText });

/**
 * Reads it. Costs are what the vendor charges by our prices; reversals are taken off. Calls that cost nothing (moderation)
 * are left out: no book of the vendor's that is read has them.
 */
export async function ourBooksOfPool(db: Queryable, poolId: PoolId, { fromMs, toMs }: DaysRange): Promise<OurBooks> {
  const ours = await db.$queryRaw`
    WITH used AS (
      SELECT t.occurred_at, t.model, l.meter, t.evidence = 'estimated' AS estimated, true AS booked, l.quantity, l.amount
        FROM ledger_transaction t JOIN charge_line l ON l.transaction_id = t.id
             JOIN price_version p ON p.id = l.price_version_id
       WHERE t.pool_id = ${poolId} AND t.purpose = 'provider_cost' AND p.provider = ${RECONCILED_VENDOR}
         AND t.occurred_at >= to_timestamp(${fromMs / 1000}) AND t.occurred_at < to_timestamp(${toMs / 1000})
         AND NOT (l.meter = 'tool_calls' AND l.amount = 0)
      UNION ALL
      SELECT e.occurred_at, e.model, q->>'meter', e.evidence = 'estimated', false,
             (q->>'quantityMicro')::numeric / 1000000, 0
        FROM usage_event e, jsonb_array_elements(e.quantities) AS q
       WHERE e.pool_id = ${poolId} AND e.vendor = ${RECONCILED_VENDOR}
         AND e.rating_state IN ('pending', 'unrated') AND jsonb_typeof(e.quantities) = 'array'
         AND e.occurred_at >= to_timestamp(${fromMs / 1000}) AND e.occurred_at < to_timestamp(${toMs / 1000})
         AND q->>'meter' <> 'tool_calls'
    ), placed AS (
      SELECT *, date_trunc('day', occurred_at, 'UTC') AS day,
             occurred_at < date_trunc('day', occurred_at, 'UTC') + interval '1 hour' AS near_start,
             occurred_at >= date_trunc('day', occurred_at, 'UTC') + interval '23 hours' AS near_end
        FROM used
    )
    SELECT (extract(epoch FROM day) * 1000)::bigint::text AS "dayMs", model, meter,
           (coalesce(sum(quantity) FILTER (WHERE booked AND NOT estimated), 0) * 1000000)::bigint::text AS "reportedMicro",
           (coalesce(sum(quantity) FILTER (WHERE estimated), 0) * 1000000)::bigint::text AS "estimatedMicro",
           (coalesce(sum(quantity) FILTER (WHERE NOT booked AND NOT estimated), 0) * 1000000)::bigint::text AS "unbookedMicro",
           (coalesce(sum(quantity) FILTER (WHERE near_start), 0) * 1000000)::bigint::text AS "nearStartMicro",
           (coalesce(sum(quantity) FILTER (WHERE near_end), 0) * 1000000)::bigint::text AS "nearEndMicro",
           sum(amount)::numeric(38,12)::text AS cost
      FROM placed
     GROUP BY day, model, meter
     ORDER BY day, model, meter`;
  const unreported = await db.$queryRaw`
    SELECT (extract(epoch FROM date_trunc('day', e.occurred_at, 'UTC')) * 1000)::bigint::text AS "dayMs", e.model,
           count(*)::text AS events
      FROM usage_event e
     WHERE e.pool_id = ${poolId} AND e.vendor = ${RECONCILED_VENDOR} AND e.rating_state = 'parked'
       AND e.occurred_at >= to_timestamp(${fromMs / 1000}) AND e.occurred_at < to_timestamp(${toMs / 1000})
       AND NOT EXISTS (SELECT FROM usage_event estimate WHERE estimate.fact_id = e.id)
     GROUP BY 1, 2`;
  const unbooked = await db.$queryRaw`
    SELECT (extract(epoch FROM date_trunc('day', occurred_at, 'UTC')) * 1000)::bigint::text AS "dayMs", '' AS model,
           count(*)::text AS events
      FROM usage_event
     WHERE pool_id = ${poolId} AND vendor = ${RECONCILED_VENDOR} AND rating_state IN ('pending', 'unrated')
       AND occurred_at >= to_timestamp(${fromMs / 1000}) AND occurred_at < to_timestamp(${toMs / 1000})
     GROUP BY 1`;
  return {
    ours: z.array(useRow).parse(ours),
    unreported: z.array(countRow).parse(unreported),
    unbooked: new Map(
      z
        .array(countRow)
        .parse(unbooked)
        .map(({ dayMs, events }) => [dayMs, events]),
    ),
  };
}
