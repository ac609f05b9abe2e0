// What came of reviews: by hook and category, how many items people upheld and dismissed. A hook that is dismissed often is
// one to change. And how long the queue is, over all tenants, for the metrics.
import type { TenantId } from '@trunkline/kernel';
import type { Database } from '@trunkline/platform/database';
import { z } from 'zod';

const count = z.bigint().transform(Number);
const statisticsRow = z.object({
  hook: z.string(),
  /** Empty where the hook named none; `unjudged: ` and why, where it gave no verdict. */
  category: z.string(),
  items: count,
  upheld: count,
  dismissed: count,
  escalated: count,
  waiting: count,
});

/** A hook and a category. */
export interface ReviewStatistics extends z.output<typeof statisticsRow> {
  /** Dismissed among decided, from 0 to 1; null while nothing is decided. */
  readonly dismissalRate: number | null;
}

/** A tenant's items that were opened in a range of time (Unix milliseconds, the end excluded). */
export async function reviewStatistics(
  db: Pick<Database, '$queryRaw'>,
  tenantId: TenantId,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Promise<readonly ReviewStatistics[]> {
  const rows = await db.$queryRaw`
    WITH about AS (
      SELECT DISTINCT item.id, item.state, item.decision, found.hook,
             coalesce('unjudged: ' || found.failure, said ->> 'category', '') AS category
        FROM review_item AS item
        JOIN moderation_finding AS found ON found.review_item_id = item.id
        LEFT JOIN LATERAL jsonb_array_elements(found.categories) AS said ON TRUE
       WHERE item.tenant_id = ${tenantId} AND item.opened_at >= ${new Date(fromMs)} AND item.opened_at < ${new Date(toMs)})
    SELECT hook, category, count(*) AS items,
           count(*) FILTER (WHERE state = 'decided' AND decision = 'uphold') AS upheld,
           count(*) FILTER (WHERE state = 'decided' AND decision = 'dismiss') AS dismissed,
           count(*) FILTER (WHERE decision = 'escalate') AS escalated,
           count(*) FILTER (WHERE state <> 'decided') AS waiting
      FROM about GROUP BY hook, category ORDER BY hook, category`;
  return z
    .array(statisticsRow)
    .parse(rows)
    .map((row) => {
      const decided = row.upheld + row.dismissed;
      return { ...row, dismissalRate: decided === 0 ? null : row.dismissed / decided };
    });
}

/** How much waits. Not tenant data. */
export interface ReviewDepth {
  readonly open: number;
  readonly assigned: number;
  /** Age in milliseconds; 0 when nothing waits. */
  readonly oldestMs: number;
}

const depthRow = z.object({ open: count, assigned: count, oldestMs: z.number().nullable() });

/** The queue of all tenants. */
export async function reviewDepth(db: Pick<Database, '$queryRaw'>): Promise<ReviewDepth> {
  const rows = await db.$queryRaw`
    SELECT count(*) FILTER (WHERE state = 'open') AS open, count(*) FILTER (WHERE state = 'assigned') AS assigned,
           (extract(epoch FROM now() - min(opened_at)) * 1000)::float8 AS "oldestMs"
      FROM review_item WHERE state <> 'decided'`;
  const [depth] = z.array(depthRow).parse(rows);
  return { open: depth?.open ?? 0, assigned: depth?.assigned ?? 0, oldestMs: Math.max(0, depth?.oldestMs ?? 0) };
}
