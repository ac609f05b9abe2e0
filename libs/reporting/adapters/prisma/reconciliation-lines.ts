// What reconciliation found in a month, for the workbook: the differences of the newest run of each pool and UTC day. Of a
// closed month only runs up to the close count, so that comparing again later changes no file.
import type { Snapshot } from '@trunkline/platform/database';
import { z } from 'zod';
import type { ReconciliationLine } from '../../index.js';

/** Of which days; `beforeMs` null: of all runs. Unix milliseconds. */
export interface ReconciledSpan {
  readonly fromMs: number;
  readonly toMs: number;
  readonly beforeMs: number | null;
}

const lines = z.array(
  z.object({
    day: z.string(),
    subject: z.string(),
    ours: z.string(),
    theirs: z.string(),
    difference: z.string(),
    kind: z.string(),
  }),
);

/** The differences, by day. A day without any has one line that says so. */
export async function reconciliationLines(
  snapshot: Snapshot,
  { fromMs, toMs, beforeMs }: ReconciledSpan,
): Promise<readonly ReconciliationLine[]> {
  const rows = await snapshot.query(
    `WITH newest AS (
       SELECT DISTINCT ON (pool_id, day) id, pool_id, day, stage FROM reconciliation_run
        WHERE day >= (to_timestamp($1 / 1000.0) AT TIME ZONE 'UTC')::date
          AND day < (to_timestamp($2 / 1000.0) AT TIME ZONE 'UTC')::date
          AND ($3::numeric IS NULL OR ran_at <= to_timestamp($3 / 1000.0))
        ORDER BY pool_id, day, ran_at DESC, id)
     SELECT n.day::text, concat_ws(' ', n.pool_id, d.upstream_key_id, d.model, d.meter, d.line_item) AS subject,
            coalesce(trim_scale(d.ours)::text, '') AS ours, coalesce(trim_scale(d.theirs)::text, '') AS theirs,
            coalesce(trim_scale(d.difference)::text, '0') AS difference,
            coalesce(d.class, 'equal') || ' (' || n.stage || ')' AS kind
       FROM newest n LEFT JOIN reconciliation_difference d ON d.run_id = n.id
      ORDER BY n.day, n.pool_id COLLATE "C", d.line`,
    [fromMs, toMs, beforeMs],
  );
  return lines.parse(rows);
}
