// What reconciliation found in a month, for the workbook: the differences of the newest run of each pool and UTC day. Of a
// closed month only runs that its closes found count, by name: one that began before and was stored after changes no file.
import type { Period } from '@trunkline/ledger';
import type { Snapshot } from '@trunkline/platform/database';
import { z } from 'zod';
import type { ReconciliationLine } from '../../index.js';

/** Of which month; `isClosed`: for everybody in it. */
export interface ReconciledMonth {
  readonly period: Period;
  readonly isClosed: boolean;
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
  { period, isClosed }: ReconciledMonth,
): Promise<readonly ReconciliationLine[]> {
  const runs = isClosed
    ? `SELECT r.* FROM period_reconciliation k JOIN reconciliation_run r ON r.id = k.run_id WHERE k.period = $1`
    : `SELECT * FROM reconciliation_run
        WHERE day >= ($1 || '-01')::date AND day < ($1 || '-01')::date + interval '1 month'`;
  const rows = await snapshot.query(
    `WITH newest AS (
       SELECT DISTINCT ON (pool_id, day) id, pool_id, day, stage FROM (${runs}) r ORDER BY pool_id, day, ran_at DESC, id)
     SELECT n.day::text, concat_ws(' ', n.pool_id, d.upstream_key_id, d.model, d.meter, d.line_item) AS subject,
            coalesce(trim_scale(d.ours)::text, '') AS ours, coalesce(trim_scale(d.theirs)::text, '') AS theirs,
            coalesce(trim_scale(d.difference)::text, '0') AS difference,
            coalesce(d.class, 'equal') || ' (' || n.stage || ')' AS kind
       FROM newest n LEFT JOIN reconciliation_difference d ON d.run_id = n.id
      ORDER BY n.day, n.pool_id COLLATE "C", d.line`,
    [period],
  );
  return lines.parse(rows);
}
