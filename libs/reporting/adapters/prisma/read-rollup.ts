// Answers a dashboard's question from the tables of sums: the coarsest that cuts time finely enough, without keys where no
// key is asked about, and that of all tenants together where no tenant is. Sums of exact decimals, never rounded.
import { type AmountPico, type TenantId } from '@trunkline/kernel';
import { METERS, type Meter, type MeterUnit } from '@trunkline/metering';
import { Prisma, type Queryable } from '@trunkline/platform/database';
import {
  eventsCounted,
  grainOf,
  ROLLUP_DIMENSIONS,
  type RollupDimension,
  type RollupQuery,
  scopeOf,
} from '@trunkline/reporting';
import { z } from 'zod';
import { amountOf, microOf, UnreadableBooks } from './charge-row-text.js';

/** Sums of one bucket and one combination of the dimensions asked for. */
export interface RollupRow {
  /** The hour, the UTC day or the company's month: `2026-11-21T12:00:00Z`, `2026-11-21`, `2026-11`; null for the total. */
  readonly bucket: string | null;
  /** By dimension, for those asked for; null: the booking has none, as a credit has no model. */
  readonly of: Readonly<Partial<Record<RollupDimension, string | null>>>;
  /** By unit, in millionths; units of which there is nothing are left out. */
  readonly quantityMicro: Readonly<Partial<Record<MeterUnit, bigint>>>;
  readonly tenantCharge: AmountPico;
  readonly providerCost: AmountPico;
  /** Null where events are cut by what their meters have in common: those do not add up. */
  readonly events: number | null;
}

/** An answer. Rows are in the order of buckets, then of the dimensions. */
export interface RollupAnswer {
  readonly rows: readonly RollupRow[];
  /** There are more rows than were asked for at most. */
  readonly cut: boolean;
}

/** A tenant's sums, read within a transaction (for the memory that it may take); a `where` on tenants narrows nothing further. @param rowsMax more are left out, and said so. */
export function rollupOfTenant(
  db: Queryable,
  tenantId: TenantId,
  query: RollupQuery,
  rowsMax: number,
): Promise<RollupAnswer> {
  return answer(db, { ...query, where: { ...query.where, tenant: [tenantId] } }, rowsMax);
}

/** Everybody's sums, for administrators; otherwise as above. @param rowsMax more are left out, and said so. */
export function rollupOfAllTenants(db: Queryable, query: RollupQuery, rowsMax: number): Promise<RollupAnswer> {
  return answer(db, query, rowsMax);
}

// Some ten thousand sums of decimals.
const SUMS_MEMORY = '32MB';
const UNITS = [...new Set(Object.values(METERS).map(({ unit }) => unit))];

async function answer(db: Queryable, query: RollupQuery, rowsMax: number): Promise<RollupAnswer> {
  const { column, text } = bucketOf(query);
  const columns = query.by.map((dimension) => named(columnOf(dimension), dimension));
  const quantities = UNITS.map((unit) =>
    named(Prisma.sql`coalesce(trim_scale(sum(quantity) FILTER (WHERE ${hasMeterOf({ unit })})), 0)::text`, unit),
  );
  // Time by its column, for writing it out costs as much as summing up. The rest by place: to the server, a CASE over
  // parameters is not the same expression when it is written twice.
  const places = columns.map((_, i) => Prisma.raw(`${i + 2}`));
  const groups = [...column, ...places];
  const grouping = groups.length === 0 ? Prisma.sql`HAVING count(*) > 0` : Prisma.sql`GROUP BY ${Prisma.join(groups)}`;
  // OFFSET 0 keeps the limit from the plan of the sums: with it the server walks everybody's days in order, hoping to stop
  // early, and reads forty times what it needs. All rows come as one text: a chart has thousands, and a driver that converts
  // each of their values takes longer than the server for the sums. Aggregates read a sorted subquery in its order.
  // By its guess of how many sums there are, the server would sort all rows on the disk: with room it gathers by hash.
  await db.$queryRaw`SELECT set_config('work_mem', ${SUMS_MEMORY}, true)`;
  const found = await db.$queryRaw`
    SELECT coalesce(json_agg(listed), '[]')::text AS rows FROM (SELECT * FROM (
      SELECT ${Prisma.join([named(text, 'bucket'), ...columns, ...quantities])},
             sum(tenant_charge)::text AS "tenantCharge", sum(provider_cost)::text AS "providerCost",
             ${eventsSum(query)}::text AS events
        FROM ${tableOf(query)}
       WHERE ${Prisma.join([inTime(query), ...narrowed(query)], ' AND ')}
       ${grouping}
      OFFSET 0) AS summed
     ORDER BY ${Prisma.join(['bucket', ...query.by].map(inOrder))}
     LIMIT ${rowsMax + 1}) AS listed`;
  const [{ rows }] = answerShape.parse(found);
  return { rows: rows.slice(0, rowsMax).map((row) => rowOf(row, query.by)), cut: rows.length > rowsMax };
}

// By bytes, which is quicker than by a language, and the same on every server.
function inOrder(name: string): Prisma.Sql {
  return Prisma.raw(`"${name}" COLLATE "C"`);
}

function named(column: Prisma.Sql, name: string): Prisma.Sql {
  return Prisma.sql`${column} AS ${Prisma.raw(`"${name}"`)}`;
}

// All columns are text or null. A chart has thousands of rows: each of their values is checked once, by what reads it.
type TextRow = Readonly<Record<string, unknown>>;
const rowsShape = z.array(z.custom<TextRow>((row) => typeof row === 'object' && row !== null));
const answerShape = z.tuple([
  z.object({
    rows: z
      .string()
      .transform((text): unknown => JSON.parse(text))
      .pipe(rowsShape),
  }),
]);
const NONE = '0';

function rowOf(row: TextRow, by: readonly RollupDimension[]): RollupRow {
  const of: Partial<Record<RollupDimension, string | null>> = {};
  for (const dimension of by) of[dimension] = textOrNull(row, dimension) || null;
  const quantityMicro: Partial<Record<MeterUnit, bigint>> = {};
  for (const unit of UNITS) {
    const quantity = textOf(row, unit);
    if (quantity !== NONE) quantityMicro[unit] = microOf(quantity);
  }
  const events = textOrNull(row, 'events');
  return {
    bucket: textOrNull(row, 'bucket'),
    of,
    quantityMicro,
    tenantCharge: amountOf(textOf(row, 'tenantCharge')),
    providerCost: amountOf(textOf(row, 'providerCost')),
    events: events === null ? null : countOf(events),
  };
}

function countOf(text: string): number {
  if (!/^-?\d+$/.test(text)) throw new UnreadableBooks(`"${text}" is not a count`);
  return Number(text);
}

function textOf(row: TextRow, column: string): string {
  const text = textOrNull(row, column);
  if (text === null) throw new UnreadableBooks(`the sums have no ${column}`);
  return text;
}

function textOrNull(row: TextRow, column: string): string | null {
  const text = row[column];
  if (text === null || typeof text === 'string') return text;
  throw new UnreadableBooks(`${column} of the sums is not text`);
}

function tableOf(query: RollupQuery): Prisma.Sql {
  const grain = grainOf(query);
  // Months are few: there is one table for all questions.
  return Prisma.raw(grain === 'month' ? 'usage_rollup_month' : `${TABLES[scopeOf(query)]}_${grain}`);
}

const TABLES = { keys: 'usage_rollup', tenants: 'tenant_rollup', all: 'pool_rollup' } as const;

/** What to group time by, if by anything, and how it is written. */
function bucketOf({ bucket }: RollupQuery): { readonly column: readonly Prisma.Sql[]; readonly text: Prisma.Sql } {
  switch (bucket) {
    case 'hour':
      return {
        column: [Prisma.sql`hour`],
        text: Prisma.sql`to_char(hour AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`,
      };
    case 'day':
      return { column: [Prisma.sql`day`], text: Prisma.sql`day::text` };
    case 'month':
      return { column: [Prisma.sql`usage_period`], text: Prisma.sql`usage_period` };
    case 'total':
      return { column: [], text: Prisma.sql`NULL::text` };
  }
}

function inTime(query: RollupQuery): Prisma.Sql {
  const [from, to] = [new Date(query.fromMs).toISOString(), new Date(query.toMs).toISOString()];
  switch (grainOf(query)) {
    case 'hour':
      return Prisma.sql`hour >= ${from}::timestamptz AND hour < ${to}::timestamptz`;
    case 'day':
      return Prisma.sql`day >= ${from.slice(0, 10)}::date AND day < ${to.slice(0, 10)}::date`;
    case 'month':
      return Prisma.sql`usage_period >= ${from.slice(0, 7)} AND usage_period < ${to.slice(0, 7)}`;
  }
}

const STORED = {
  tenant: 'tenant_id',
  key: 'key_id',
  pool: 'pool_id',
  model: 'model',
  meter: 'meter',
  evidence: 'evidence',
} as const;

function columnOf(dimension: RollupDimension): Prisma.Sql {
  switch (dimension) {
    case 'modality':
    case 'direction':
    case 'cache':
      return ofMeter(dimension);
    default:
      return Prisma.raw(STORED[dimension]);
  }
}

// The catalogue's answer for each meter, null for what is no meter or one that this release does not know.
function ofMeter(facet: 'modality' | 'direction' | 'cache'): Prisma.Sql {
  const cases = Object.entries(METERS).map(([meter, entry]) => Prisma.sql`WHEN ${meter} THEN ${entry[facet]}`);
  return Prisma.sql`CASE meter ${Prisma.join(cases, ' ')} END`;
}

function narrowed({ where }: RollupQuery): Prisma.Sql[] {
  return ROLLUP_DIMENSIONS.flatMap((dimension) => {
    const values = where[dimension];
    if (values === undefined) return [];
    switch (dimension) {
      case 'modality':
      case 'direction':
      case 'cache':
        return [hasMeterOf({ [dimension]: values })];
      default:
        return [Prisma.sql`${Prisma.raw(STORED[dimension])} = ANY(${[...values]}::text[])`];
    }
  });
}

type Facets = Readonly<Partial<Record<'unit' | 'modality' | 'direction' | 'cache', string | readonly string[]>>>;

/** Whether the row is of a meter that has these properties. */
function hasMeterOf(facets: Facets): Prisma.Sql {
  const fits = (meter: Meter): boolean =>
    (Object.keys(facets) as (keyof Facets)[]).every((facet) => [facets[facet]].flat().includes(METERS[meter][facet]));
  const meters = (Object.keys(METERS) as Meter[]).filter(fits);
  // In the statement, not bound to it: the server hashes a list that it knows, and walks one that it does not, row by row.
  return Prisma.raw(`meter = ANY('{${meters.join(',')}}'::text[])`);
}

function eventsSum(query: RollupQuery): Prisma.Sql {
  switch (eventsCounted(query)) {
    case 'events':
      return Prisma.sql`sum(events)`;
    case 'readings':
      return Prisma.sql`sum(readings)`;
    case 'nothing':
      return Prisma.sql`NULL`;
  }
}
