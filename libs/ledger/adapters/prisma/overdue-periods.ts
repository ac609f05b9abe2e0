// Months that are over and not closed: what an operator of the books wants to hear of before finance does.
import { numberText, type Queryable } from '@trunkline/platform/database';
import { z } from 'zod';

/** Counts of months of tenants, of the whole system: for metrics. */
export interface OverduePeriods {
  readonly open: number;
  readonly softClosed: number;
  /** Soft-closed, and somebody asked to close them: they wait for a second person. */
  readonly closeAsked: number;
  /** Since the end of the oldest of them, by the database's clock; 0 when there is none. */
  readonly oldestMs: number;
}

const overdueRow = z.object({ open: numberText, softClosed: numberText, closeAsked: numberText, oldestMs: numberText });

/** Looks them up. A month without a row is in nobody's way: nothing was booked in it. */
export async function overduePeriods(db: Queryable): Promise<OverduePeriods> {
  const rows = await db.$queryRaw`
    SELECT count(*) FILTER (WHERE status = 'open')::text AS open,
           count(*) FILTER (WHERE status = 'soft_closed' AND close_requested_by IS NULL)::text AS "softClosed",
           count(*) FILTER (WHERE status = 'soft_closed' AND close_requested_by IS NOT NULL)::text AS "closeAsked",
           coalesce((extract(epoch FROM now() - min(ended_at)) * 1000)::bigint, 0)::text AS "oldestMs"
      FROM (SELECT status, close_requested_by,
                   ((period || '-01')::date + interval '1 month') AT TIME ZONE company.time_zone AS ended_at
              FROM accounting_period CROSS JOIN company WHERE status <> 'closed') AS unclosed
     WHERE ended_at <= now()`;
  return z.tuple([overdueRow]).parse(rows)[0];
}
