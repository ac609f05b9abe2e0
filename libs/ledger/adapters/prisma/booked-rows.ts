// The books as rows, in the order of their chain: what verifiers and exports read. By keyset pages, so that memory stays
// bounded whatever the number of rows, and a row that is booked meanwhile changes no page before it.
import type { BookedRow } from '@trunkline/ledger';
import { numberText, Prisma, wholeText, type Queryable } from '@trunkline/platform/database';
import { z } from 'zod';
import type { Booked } from './insert-transactions.js';
import type { Place } from './hold-periods.js';
import { periodText } from './period-text.js';

/** How many rows a page has at most, unless told. A row has about a kilobyte. */
const PAGE_ROWS = 2_000;

const bookedRow: z.ZodType<BookedRow> = z.object({
  tenantId: z.string(),
  period: periodText,
  sequence: wholeText,
  id: z.string(),
  kind: z.string(),
  revision: z.number(),
  purpose: z.string(),
  usageEventId: z.string().nullable(),
  correctsId: z.string().nullable(),
  sessionId: z.string().nullable(),
  keyId: z.string().nullable(),
  poolId: z.string().nullable(),
  model: z.string().nullable(),
  evidence: z.string().nullable(),
  occurredAtMs: numberText,
  usagePeriod: periodText,
  currency: z.string(),
  total: z.string(),
  reason: z.string().nullable(),
  actor: z.string().nullable(),
  postedAtMs: numberText,
  entries: z.array(z.object({ accountId: z.string(), amount: z.string() })),
  lines: z.array(z.object({ meter: z.string(), quantity: z.string(), priceVersionId: z.string(), amount: z.string() })),
});
const storedRow = z.object({ hash: z.string() });

/** The rows of a period after a place in its chain, in order. An empty page is the end. */
export async function bookedRowsOf(
  db: Queryable,
  place: Place,
  { after = 0n, limit = PAGE_ROWS }: { readonly after?: bigint; readonly limit?: number } = {},
): Promise<readonly Booked[]> {
  return bookedRowsWhere(
    db,
    Prisma.sql`tenant_id = ${place.tenantId} AND period = ${place.period} AND chain_sequence > ${after}
               ORDER BY chain_sequence LIMIT ${limit}`,
  );
}

/** Rows by a condition on `ledger_transaction t`, which may go on with ORDER BY and LIMIT. Stays inside this library. */
export async function bookedRowsWhere(db: Queryable, condition: Prisma.Sql): Promise<readonly Booked[]> {
  const rows = await db.$queryRaw`
    SELECT tenant_id AS "tenantId", period, chain_sequence::text AS sequence, chain_hash AS hash, id, kind, revision, purpose,
           usage_event_id AS "usageEventId", corrects_id AS "correctsId", session_id AS "sessionId", key_id AS "keyId",
           pool_id AS "poolId", model, evidence, usage_period AS "usagePeriod", currency, reason, actor,
           trim_scale(total)::text AS total,
           (extract(epoch FROM occurred_at) * 1000)::bigint::text AS "occurredAtMs",
           (extract(epoch FROM posted_at) * 1000)::bigint::text AS "postedAtMs",
           (SELECT coalesce(json_agg(json_build_object('accountId', e.account_id, 'amount', trim_scale(e.amount)::text)
                                     ORDER BY e.account_id COLLATE "C"), '[]')
              FROM ledger_entry e WHERE e.transaction_id = t.id) AS entries,
           (SELECT coalesce(json_agg(json_build_object('meter', l.meter, 'quantity', trim_scale(l.quantity)::text,
                                                       'priceVersionId', l.price_version_id,
                                                       'amount', trim_scale(l.amount)::text)
                                     ORDER BY l.meter COLLATE "C"), '[]')
              FROM charge_line l WHERE l.transaction_id = t.id) AS lines
      FROM ledger_transaction t
     WHERE ${condition}`;
  return z
    .array(z.unknown())
    .parse(rows)
    .map((each) => ({ row: bookedRow.parse(each), hash: storedRow.parse(each).hash }));
}
