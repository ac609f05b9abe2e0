// Days on which our books differ from the vendor's more than they may, as the newest run of each has it, and of which nobody has
// said anything yet: a note on that run ends the alarm, the next run may begin it again.
import type { Queryable } from '@trunkline/platform/database';
import { z } from 'zod';

/** A pool, and its days, oldest first. */
export interface AlarmingDays {
  readonly poolId: string;
  readonly pool: string;
  /** `2026-11-21` */
  readonly days: readonly string[];
}

/** Of days from `sinceMs` (Unix milliseconds) on. */
export async function alarmingDays(db: Queryable, sinceMs: number): Promise<readonly AlarmingDays[]> {
  const rows = await db.$queryRaw`
    SELECT newest.pool_id AS "poolId", coalesce(p.slug, newest.pool_id) AS pool,
           array_agg(newest.day::text ORDER BY newest.day) AS days
      FROM (SELECT DISTINCT ON (pool_id, day) id, pool_id, day, alarming
              FROM reconciliation_run WHERE day >= ${new Date(sinceMs)}::timestamptz::date
             ORDER BY pool_id, day, ran_at DESC, id DESC) AS newest
      LEFT JOIN pool p ON p.id = newest.pool_id
     WHERE newest.alarming AND NOT EXISTS (SELECT FROM reconciliation_note n WHERE n.run_id = newest.id)
     GROUP BY newest.pool_id, p.slug ORDER BY pool`;
  return z.array(z.object({ poolId: z.string(), pool: z.string(), days: z.array(z.string()) })).parse(rows);
}
