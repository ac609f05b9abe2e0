// The tables of sums, each with the statement that computes its rows anew from the level below: hours from the ledger,
// days from hours, months from days, tenants without their keys from theirs, all tenants together from those. The order
// of the list is the order in which they must be computed. Sums of exact decimals, never rounded.
import type { TenantId } from '@trunkline/kernel';
import { Prisma } from '@trunkline/platform/database';

/** An hour of a tenant. */
export interface RollupHour {
  readonly tenantId: TenantId;
  /** Unix milliseconds, at a full hour. */
  readonly hourMs: number;
}

/** A table of sums. The statements see `wanted (tenant_id, hour)`: the hours that are computed anew. */
export interface RollupTable {
  readonly name: string;
  /** What makes a row one and not another; its buckets first. */
  readonly keys: readonly string[];
  /** The columns of `buckets`: the part of the key that is replaced as a whole. */
  readonly bucketKeys: readonly string[];
  readonly measures: readonly string[];
  /** Selects the buckets that hold the wanted hours. */
  readonly buckets: Prisma.Sql;
  /** Selects the rows of `bucket`, keys and measures in order. */
  readonly rows: Prisma.Sql;
}

const SPLIT = ['pool_id', 'model', 'meter', 'evidence'];
const MEASURES = ['quantity', 'tenant_charge', 'provider_cost', 'readings', 'events'];

const SUMS = Prisma.sql`
  sum(s.quantity)::numeric(38,6), sum(s.tenant_charge)::numeric(38,12), sum(s.provider_cost)::numeric(38,12),
  sum(s.readings)::bigint, sum(s.events)::bigint`;

// The lines are looked up transaction by transaction, whatever the planner thinks of the number of hours: an hour must
// not cost a look at every line there is. Every usage has a cost, while estimates may be booked without a charge; so
// quantities and events are counted on the side of the cost. A reversal takes away what it reverses. What a person booked
// has no meters: its row has the kind of the booking (of the one that is reversed) in their place. Money paid before is no
// charge.
const HOUR_ROWS = Prisma.sql`
  SELECT b.tenant_id, b.hour, t.usage_period, coalesce(t.key_id, ''), coalesce(t.pool_id, ''),
         coalesce(p.model, t.model, ''),
         CASE WHEN t.usage_event_id IS NULL THEN coalesce(c.kind, t.kind) ELSE coalesce(l.meter, '') END,
         coalesce(t.evidence, ''),
         coalesce(sum(l.quantity) FILTER (WHERE t.purpose = 'provider_cost'), 0)::numeric(38,6),
         coalesce(sum(coalesce(l.amount, t.total)) FILTER (WHERE t.purpose = 'tenant_charge'), 0)::numeric(38,12),
         coalesce(sum(coalesce(l.amount, t.total)) FILTER (WHERE t.purpose = 'provider_cost'), 0)::numeric(38,12),
         coalesce(sum(u.one) FILTER (WHERE t.purpose = 'provider_cost' AND l.meter IS NOT NULL), 0)::bigint,
         coalesce(sum(u.one) FILTER (WHERE t.purpose = 'provider_cost' AND coalesce(l.nth, 1) = 1), 0)::bigint
    FROM bucket b
    JOIN ledger_transaction t
      ON t.tenant_id = b.tenant_id AND t.occurred_at >= b.hour AND t.occurred_at < b.hour + interval '1 hour'
     AND t.purpose IN ('tenant_charge', 'provider_cost')
   CROSS JOIN LATERAL (
           SELECT CASE WHEN t.usage_event_id IS NULL THEN 0 WHEN t.kind = 'reversal' THEN -1 ELSE 1 END AS one) u
    LEFT JOIN ledger_transaction c ON c.id = t.corrects_id AND t.usage_event_id IS NULL
    LEFT JOIN LATERAL (
           SELECT meter, quantity, amount, price_version_id, row_number() OVER (ORDER BY meter COLLATE "C") AS nth
             FROM charge_line WHERE transaction_id = t.id) l ON true
    LEFT JOIN price_version p ON p.id = l.price_version_id
   GROUP BY 1, 2, 3, 4, 5, 6, 7, 8`;

/** All of them, from the finest to the coarsest. */
export const ROLLUP_TABLES: readonly RollupTable[] = [
  {
    name: 'usage_rollup_hour',
    keys: ['tenant_id', 'hour', 'usage_period', 'key_id', ...SPLIT],
    bucketKeys: ['tenant_id', 'hour'],
    measures: MEASURES,
    buckets: Prisma.sql`SELECT tenant_id, hour FROM wanted`,
    rows: HOUR_ROWS,
  },
  {
    name: 'usage_rollup_day',
    keys: ['tenant_id', 'day', 'usage_period', 'key_id', ...SPLIT],
    bucketKeys: ['tenant_id', 'day'],
    measures: MEASURES,
    buckets: Prisma.sql`SELECT DISTINCT tenant_id, (hour AT TIME ZONE 'UTC')::date AS day FROM wanted`,
    rows: Prisma.sql`
      SELECT b.tenant_id, b.day, s.usage_period, s.key_id, s.pool_id, s.model, s.meter, s.evidence, ${SUMS}
        FROM bucket b
        JOIN usage_rollup_hour s
          ON s.tenant_id = b.tenant_id AND s.hour >= b.day::timestamp AT TIME ZONE 'UTC'
         AND s.hour < (b.day + 1)::timestamp AT TIME ZONE 'UTC'
       GROUP BY 1, 2, 3, 4, 5, 6, 7, 8`,
  },
  {
    name: 'usage_rollup_month',
    keys: ['tenant_id', 'usage_period', 'key_id', ...SPLIT],
    bucketKeys: ['tenant_id', 'usage_period'],
    measures: MEASURES,
    // Of usage: wherever the company's clock is, its month is that of the same hour UTC, of 14 hours before or of 14 hours
    // after. What was booked by hand may be for any month, as the day that it was booked on says.
    buckets: Prisma.sql`
      SELECT tenant_id, to_char(hour AT TIME ZONE 'UTC' + shift * interval '14 hours', 'YYYY-MM') AS usage_period
        FROM wanted, (VALUES (-1), (0), (1)) AS shifts(shift)
       UNION
      SELECT d.tenant_id, d.usage_period
        FROM wanted w JOIN usage_rollup_day d ON d.tenant_id = w.tenant_id AND d.day = (w.hour AT TIME ZONE 'UTC')::date
       WHERE d.evidence = ''`,
    rows: Prisma.sql`
      SELECT b.tenant_id, b.usage_period, s.key_id, s.pool_id, s.model, s.meter, s.evidence, ${SUMS}
        FROM bucket b
       CROSS JOIN LATERAL (
               SELECT * FROM usage_rollup_day d
                WHERE d.tenant_id = b.tenant_id AND d.usage_period = b.usage_period AND d.evidence <> ''
                  AND d.day >= (b.usage_period || '-01')::date - 1
                  AND d.day <= (b.usage_period || '-01')::date + interval '1 month'
                UNION ALL
               SELECT * FROM usage_rollup_day d
                WHERE d.tenant_id = b.tenant_id AND d.usage_period = b.usage_period AND d.evidence = '') s
       GROUP BY 1, 2, 3, 4, 5, 6, 7`,
  },
  {
    name: 'tenant_rollup_hour',
    keys: ['tenant_id', 'hour', 'usage_period', ...SPLIT],
    bucketKeys: ['tenant_id', 'hour'],
    measures: MEASURES,
    buckets: Prisma.sql`SELECT tenant_id, hour FROM wanted`,
    rows: Prisma.sql`
      SELECT b.tenant_id, b.hour, s.usage_period, s.pool_id, s.model, s.meter, s.evidence, ${SUMS}
        FROM bucket b JOIN usage_rollup_hour s ON s.tenant_id = b.tenant_id AND s.hour = b.hour
       GROUP BY 1, 2, 3, 4, 5, 6, 7`,
  },
  {
    name: 'tenant_rollup_day',
    keys: ['tenant_id', 'day', 'usage_period', ...SPLIT],
    bucketKeys: ['tenant_id', 'day'],
    measures: MEASURES,
    buckets: Prisma.sql`SELECT DISTINCT tenant_id, (hour AT TIME ZONE 'UTC')::date AS day FROM wanted`,
    rows: Prisma.sql`
      SELECT b.tenant_id, b.day, s.usage_period, s.pool_id, s.model, s.meter, s.evidence, ${SUMS}
        FROM bucket b JOIN usage_rollup_day s ON s.tenant_id = b.tenant_id AND s.day = b.day
       GROUP BY 1, 2, 3, 4, 5, 6, 7`,
  },
  {
    name: 'pool_rollup_hour',
    keys: ['hour', ...SPLIT],
    bucketKeys: ['hour'],
    measures: MEASURES,
    buckets: Prisma.sql`SELECT DISTINCT hour FROM wanted`,
    rows: Prisma.sql`
      SELECT b.hour, s.pool_id, s.model, s.meter, s.evidence, ${SUMS}
        FROM bucket b JOIN tenant_rollup_hour s ON s.hour = b.hour
       GROUP BY 1, 2, 3, 4, 5`,
  },
  {
    name: 'pool_rollup_day',
    keys: ['day', ...SPLIT],
    bucketKeys: ['day'],
    measures: MEASURES,
    buckets: Prisma.sql`SELECT DISTINCT (hour AT TIME ZONE 'UTC')::date AS day FROM wanted`,
    rows: Prisma.sql`
      SELECT b.day, s.pool_id, s.model, s.meter, s.evidence, ${SUMS}
        FROM bucket b JOIN tenant_rollup_day s ON s.day = b.day
       GROUP BY 1, 2, 3, 4, 5`,
  },
  {
    // For budgets, in processes that may not read the books. What usage costs a tenant, and nothing else: a credit does
    // not make room in a budget, nor does money paid before.
    name: 'tenant_spend',
    keys: ['tenant_id', 'hour'],
    bucketKeys: ['tenant_id', 'hour'],
    measures: ['amount'],
    buckets: Prisma.sql`SELECT tenant_id, hour FROM wanted`,
    rows: Prisma.sql`
      SELECT b.tenant_id, b.hour, sum(s.tenant_charge)::numeric(38,12)
        FROM bucket b
        JOIN tenant_rollup_hour s ON s.tenant_id = b.tenant_id AND s.hour = b.hour AND s.evidence <> ''
       GROUP BY 1, 2`,
  },
];

/** `WITH wanted AS (...)`, without the word: the hours as rows. */
export function wantedHours(hours: readonly RollupHour[]): Prisma.Sql {
  const rows = hours.map(({ tenantId, hourMs }) => ({ tenant_id: tenantId, hour: new Date(hourMs).toISOString() }));
  return Prisma.sql`wanted AS MATERIALIZED (
    SELECT tenant_id, hour FROM json_to_recordset(${JSON.stringify(rows)}::json) AS r(tenant_id text, hour timestamptz))`;
}

/** What follows it: the buckets of a table. */
export function bucketsOf(table: RollupTable): Prisma.Sql {
  return Prisma.sql`bucket AS MATERIALIZED (${table.buckets})`;
}

/** What follows that: the rows of the buckets as they should be. */
export function freshRows(table: RollupTable): Prisma.Sql {
  const columns = columnList([...table.keys, ...table.measures]);
  return Prisma.sql`fresh (${columns}) AS MATERIALIZED (${table.rows})`;
}

/** Column names for a statement, each behind the alias of its table where one is given. From the closed lists above only. */
export function columnList(names: readonly string[], alias?: string): Prisma.Sql {
  return Prisma.raw(names.map((name) => (alias === undefined ? `"${name}"` : `${alias}."${name}"`)).join(', '));
}
