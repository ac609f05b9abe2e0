// What a tenant used and owes, from the ledger, cut by minute, hour or day (UTC): what OpenAI-shaped answers are made of.
// The one place that knows where these figures come from.
import type { TenantId } from '@trunkline/kernel';
import { amountText, numberText, Prisma, wholeText, type Queryable } from '@trunkline/platform/database';
import { z } from 'zod';
import type { BucketWidth, OrganizationRows } from '../../index.js';

/** Which buckets; Unix seconds, the end exclusive. */
export interface OrganizationRange {
  readonly startS: number;
  readonly endS: number;
  readonly width: BucketWidth;
}

const TRUNCATED: Readonly<Record<BucketWidth, string>> = { '1m': 'minute', '1h': 'hour', '1d': 'day' };

const bucket = { bucketS: numberText, keyId: z.string().nullable(), model: z.string().nullable(), meter: z.string() };
const usedRow = z.object({ ...bucket, quantityMicro: wholeText, charge: amountText, events: numberText });
const requestRow = z.object({ ...bucket, events: numberText });

/** One tenant's rows. What is taken back (a reversal) is taken off, requests too. */
export async function organizationRowsOfTenant(
  db: Queryable,
  tenantId: TenantId,
  { startS, endS, width }: OrganizationRange,
): Promise<OrganizationRows> {
  const bucketOf = Prisma.sql`extract(epoch FROM date_trunc(${TRUNCATED[width]}, t.occurred_at, 'UTC'))::bigint::text`;
  const inRange = Prisma.sql`t.tenant_id = ${tenantId} AND t.purpose = 'tenant_charge'
       AND t.occurred_at >= to_timestamp(${startS}) AND t.occurred_at < to_timestamp(${endS})`;
  // A reversal carries its quantities negated, so their sign tells what a booking does to a count. Of requests one meter stands
  // for the event: all meters of an event are shown under the same topic. The lines are read once for both.
  const metered = await db.$queryRaw<{ readonly kind: string }[]>`
    WITH line AS MATERIALIZED (
      SELECT t.id, ${bucketOf} AS "bucketS", t.key_id AS "keyId", t.model, l.meter, l.quantity, l.amount
        FROM ledger_transaction t JOIN charge_line l ON l.transaction_id = t.id
       WHERE ${inRange}),
    event AS (
      SELECT "bucketS", "keyId", model, min(meter) AS meter, CASE WHEN min(quantity) < 0 THEN -1 ELSE 1 END AS one
        FROM line GROUP BY id, 1, 2, 3)
    SELECT 'used' AS kind, "bucketS", "keyId", model, meter,
           (count(DISTINCT id) FILTER (WHERE quantity >= 0) - count(DISTINCT id) FILTER (WHERE quantity < 0))::text AS events,
           (sum(quantity) * 1000000)::numeric(38,0)::text AS "quantityMicro", sum(amount)::text AS charge
      FROM line GROUP BY 2, 3, 4, 5
     UNION ALL
    SELECT 'requests', "bucketS", "keyId", model, meter, sum(one)::text, NULL, NULL
      FROM event GROUP BY 2, 3, 4, 5
     ORDER BY 1, 2, 3, 4, 5`;
  // What is taken back of a credit is of the line item of credits: whoever asks for that one gets what is left of them.
  const byHand = await db.$queryRaw`
    SELECT ${bucketOf} AS "bucketS", NULL AS "keyId", NULL AS model, coalesce(c.kind, t.kind) AS meter, '0' AS events,
           '0' AS "quantityMicro", sum(t.total)::text AS charge
      FROM ledger_transaction t LEFT JOIN ledger_transaction c ON c.id = t.corrects_id
     WHERE ${inRange} AND t.usage_event_id IS NULL
     GROUP BY 1, 4
     ORDER BY 1, 4`;
  const own = <Row extends object>(row: Row) => ({ ...row, tenantId });
  const of = (kind: string) => metered.filter((row) => row.kind === kind);
  return {
    used: [...z.array(usedRow).parse(of('used')), ...z.array(usedRow).parse(byHand)].map(own),
    requests: z.array(requestRow).parse(of('requests')).map(own),
  };
}
