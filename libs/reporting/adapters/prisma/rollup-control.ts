// Holds the tables of sums against the ledger's own totals: what its transactions say of themselves, by day and by month,
// without the statements that the sums are computed with. Those could leave something out each time they are run, and
// computing anew would find nothing. One statement, so that both sides are of one instant.
import type { TenantId } from '@trunkline/kernel';
import { instantText, Prisma, type Queryable } from '@trunkline/platform/database';
import { z } from 'zod';
import { ROLLUP_TABLES, type RollupTable } from './rollup-tables.js';

/** Which buckets: UTC days from that of `fromMs` to the last that begins before `toMs`, and the months that they touch. */
export interface ControlSpan {
  readonly fromMs: number;
  readonly toMs: number;
  /** Null: all tenants, and what holds all of them together. */
  readonly tenantId: TenantId | null;
}

/** A bucket whose sums are not the ledger's. */
export interface Unlike {
  readonly table: string;
  /** The UTC day, or the month. */
  readonly bucket: string;
  /** Something of it is due to be summed up, so that it may differ for now. */
  readonly due: boolean;
}

const DAY_MS = 86_400_000;
// Wherever the company's clock is, a day touches the months of the instants this long before and after it.
const SHIFT_MS = 14 * 3_600_000;

// A note names an hour, which is of one day; a month may be booked for at any hour, by hand.
const MONTH_CHARS = '2026-11'.length;

const unlikeRow = z.object({ table: z.string(), bucket: z.string(), due: z.boolean() });

/** The buckets that differ, by table and bucket. */
export async function unlikeLedger(db: Queryable, span: ControlSpan): Promise<readonly Unlike[]> {
  const fromMs = Math.floor(span.fromMs / DAY_MS) * DAY_MS;
  const toMs = Math.ceil(span.toMs / DAY_MS) * DAY_MS;
  const ranges = rangesOf(fromMs, toMs);
  const tables = ROLLUP_TABLES.filter(({ keys }) => span.tenantId === null || keys.includes('tenant_id'));
  const rows = await db.$queryRaw`
    WITH touched AS MATERIALIZED (
      SELECT usage_period FROM ledger_transaction t WHERE ${ranges.instants}
       UNION SELECT usage_period FROM usage_rollup_month WHERE ${ranges.ofClock}
    ), booked AS MATERIALIZED (
      SELECT t.tenant_id, (t.occurred_at AT TIME ZONE 'UTC')::date AS day, t.usage_period,
             ${sumWhere(Prisma.sql`t.total`, Prisma.sql`t.purpose = 'tenant_charge'`)} AS charge,
             ${sumWhere(Prisma.sql`t.total`, Prisma.sql`t.purpose = 'provider_cost'`)} AS cost,
             ${sumWhere(Prisma.sql`t.total`, Prisma.sql`t.purpose = 'tenant_charge' AND t.usage_event_id IS NOT NULL`)} AS spent,
             ${sumWhere(Prisma.sql`l.quantity`, Prisma.sql`t.purpose = 'provider_cost'`)} AS quantity,
             ${sumWhere(
               Prisma.sql`CASE WHEN t.kind = 'reversal' THEN -1 ELSE 1 END`,
               Prisma.sql`t.purpose = 'provider_cost' AND t.usage_event_id IS NOT NULL`,
             )} AS events
        FROM ledger_transaction t
        LEFT JOIN LATERAL (
               SELECT sum(quantity) AS quantity FROM charge_line WHERE transaction_id = t.id) l ON true
       WHERE (${span.tenantId}::text IS NULL OR t.tenant_id = ${span.tenantId})
         AND (${ranges.instants} OR ${ranges.months})
       GROUP BY 1, 2, 3
    ), differing AS (${Prisma.join(
      tables.map((table) => differences(table, { ...ranges, tenantId: span.tenantId })),
      ' UNION ALL ',
    )})
    SELECT "table", bucket,
           bool_and(EXISTS (
             SELECT FROM rollup_note n
              WHERE (d.tenant_id IS NULL OR n.tenant_id = d.tenant_id)
                AND (length(d.bucket) = ${MONTH_CHARS} OR (n.hour AT TIME ZONE 'UTC')::date::text = d.bucket))) AS due
      FROM differing d GROUP BY 1, 2 ORDER BY 1, 2`;
  return z.array(unlikeRow).parse(rows);
}

interface Ranges {
  /** Of `t.occurred_at`. */
  readonly instants: Prisma.Sql;
  /** Of `day`. */
  readonly days: Prisma.Sql;
  /** Of `usage_period`: months in which these days are, on whatever clock. */
  readonly ofClock: Prisma.Sql;
  /** Of `usage_period`: these, and those that something was booked for on these days. */
  readonly months: Prisma.Sql;
}

function rangesOf(fromMs: number, toMs: number): Ranges {
  const [from, to] = [instantText(fromMs), instantText(toMs)];
  const monthAt = (atMs: number): string => instantText(atMs).slice(0, 7);
  return {
    instants: Prisma.sql`t.occurred_at >= ${from}::timestamptz AND t.occurred_at < ${to}::timestamptz`,
    days: Prisma.sql`day >= ${from.slice(0, 10)}::date AND day < ${to.slice(0, 10)}::date`,
    ofClock: Prisma.sql`usage_period BETWEEN ${monthAt(fromMs - SHIFT_MS)} AND ${monthAt(toMs + SHIFT_MS)}`,
    months: Prisma.sql`usage_period IN (SELECT usage_period FROM touched)`,
  };
}

// By name, for the columns of a table stand for the same as these of the ledger.
const BOOKED: Readonly<Record<string, string>> = {
  quantity: 'quantity',
  tenant_charge: 'charge',
  provider_cost: 'cost',
  events: 'events',
  amount: 'spent',
};

// One row for each tenant and bucket of a table that is not what was booked. Readings are of single meters: the ledger has
// no total of them.
function differences(table: RollupTable, ranges: Ranges & { readonly tenantId: TenantId | null }): Prisma.Sql {
  const { name, keys, measures } = table;
  const compared = measures.flatMap((measure) => {
    const ofLedger = BOOKED[measure];
    return ofLedger === undefined ? [] : [{ measure, ofLedger }];
  });
  const sums = (columns: readonly string[]): Prisma.Sql =>
    Prisma.raw(columns.map((column, i) => `sum("${column}") AS m${i}`).join(', '));
  const places = (side: string): Prisma.Sql =>
    Prisma.raw(compared.map((_, i) => `coalesce(${side}.m${i}, 0)`).join(', '));
  const tenant = keys.includes('tenant_id') ? Prisma.sql`tenant_id` : Prisma.sql`NULL::text`;
  const isOfMonths = !keys.includes('hour') && !keys.includes('day');
  const bucket = isOfMonths ? Prisma.sql`usage_period` : Prisma.sql`day::text`;
  const range = isOfMonths ? ranges.months : ranges.days;
  const mine = keys.includes('tenant_id')
    ? Prisma.sql`(${ranges.tenantId}::text IS NULL OR tenant_id = ${ranges.tenantId})`
    : Prisma.sql`true`;
  const rows = keys.includes('hour')
    ? Prisma.sql`(SELECT *, (hour AT TIME ZONE 'UTC')::date AS day FROM ${Prisma.raw(name)}) r`
    : Prisma.raw(name);
  return Prisma.sql`
    SELECT ${name} AS "table", coalesce(b.tenant, s.tenant) AS tenant_id, coalesce(b.bucket, s.bucket) AS bucket
      FROM (SELECT ${tenant} AS tenant, ${bucket} AS bucket, ${sums(compared.map(({ ofLedger }) => ofLedger))}
              FROM booked WHERE ${range} GROUP BY 1, 2) b
      FULL JOIN (SELECT ${tenant} AS tenant, ${bucket} AS bucket, ${sums(compared.map(({ measure }) => measure))}
              FROM ${rows} WHERE ${range} AND ${mine} GROUP BY 1, 2) s
        ON coalesce(b.tenant, '') = coalesce(s.tenant, '') AND b.bucket = s.bucket
     WHERE (${places('b')}) IS DISTINCT FROM (${places('s')})`;
}

function sumWhere(what: Prisma.Sql, condition: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`coalesce(sum(${what}) FILTER (WHERE ${condition}), 0)`;
}
