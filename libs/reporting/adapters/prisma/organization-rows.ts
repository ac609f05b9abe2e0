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
  const charged = Prisma.sql`
      FROM ledger_transaction t JOIN charge_line l ON l.transaction_id = t.id
     WHERE ${inRange}`;
  // A reversal carries its quantities negated, so their sign tells what a booking does to a count.
  const net = Prisma.sql`(count(DISTINCT t.id) FILTER (WHERE l.quantity >= 0)
                          - count(DISTINCT t.id) FILTER (WHERE l.quantity < 0))::text`;
  const used = await db.$queryRaw`
    SELECT ${bucketOf} AS "bucketS", t.key_id AS "keyId", t.model, l.meter, ${net} AS events,
           (sum(l.quantity) * 1000000)::numeric(38,0)::text AS "quantityMicro", sum(l.amount)::text AS charge
    ${charged}
     GROUP BY 1, 2, 3, 4
     ORDER BY 1, 2, 3, 4`;
  // One meter stands for the event: all meters of an event are shown under the same topic.
  const requests = await db.$queryRaw`
    SELECT "bucketS", "keyId", model, meter, sum(one)::text AS events
      FROM (SELECT ${bucketOf} AS "bucketS", t.key_id AS "keyId", t.model, min(l.meter) AS meter,
                   CASE WHEN min(l.quantity) < 0 THEN -1 ELSE 1 END AS one
            ${charged}
             GROUP BY t.id, 1, 2, 3) AS event
     GROUP BY 1, 2, 3, 4
     ORDER BY 1, 2, 3, 4`;
  // What is taken back of a credit is of the line item of credits: whoever asks for that one gets what is left of them.
  const byHand = await db.$queryRaw`
    SELECT ${bucketOf} AS "bucketS", NULL AS "keyId", NULL AS model, coalesce(c.kind, t.kind) AS meter, '0' AS events,
           '0' AS "quantityMicro", sum(t.total)::text AS charge
      FROM ledger_transaction t LEFT JOIN ledger_transaction c ON c.id = t.corrects_id
     WHERE ${inRange} AND t.usage_event_id IS NULL
     GROUP BY 1, 4
     ORDER BY 1, 4`;
  const own = <Row extends object>(row: Row) => ({ ...row, tenantId });
  return {
    used: [...z.array(usedRow).parse(used), ...z.array(usedRow).parse(byHand)].map(own),
    requests: z.array(requestRow).parse(requests).map(own),
  };
}
