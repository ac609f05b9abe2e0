// Keeps the tables of sums fresh. A bucket is always computed anew from the level below and replaced: run twice, late, by
// two workers or after a crash, it comes out the same. What is due is in `rollup_note`, committed with each booking, so
// nothing has to be remembered by a process or looked for afterwards.
import { trustedId } from '@trunkline/kernel';
import { Prisma, type Database, type Queryable } from '@trunkline/platform/database';
import { z } from 'zod';
import {
  bucketsOf,
  columnList,
  freshRows,
  ROLLUP_TABLES,
  wantedHours,
  type RollupHour,
  type RollupTable,
} from './rollup-tables.js';

/** What one pass did. */
export interface RollupPass {
  /** Hours of tenants that were summed up. */
  readonly hours: number;
  /** There may be more that is due. */
  readonly more: boolean;
}

const NOTHING: RollupPass = { hours: 0, more: false };
// Any number that no other lock here has.
const LOCK = 7_263_401;
const HOURS_MAX = 200;
// The hour of a thousand events a second has millions of lines; more than this is trouble.
const PASS_MS_MAX = 300_000;
const CONNECTION_WAIT_MS = 5_000;

/**
 * Sums up what is due, the longest due first, `hoursMax` hours of tenants at most. Leaves it to another worker that is at
 * it already. Rejects when the database fails; then nothing changed and everything is still due.
 */
export async function rollUpDue(db: Database, hoursMax = HOURS_MAX): Promise<RollupPass> {
  if (!(await isAnyDue(db))) return NOTHING;
  return inOneTransaction(db, PASS_MS_MAX, async (tx) => {
    if (!(await tryLock(tx))) return NOTHING;
    const hours = await takeDue(tx, hoursMax);
    await replaceHours(tx, hours);
    return { hours: hours.length, more: hours.length === hoursMax };
  });
}

/** Sums up everything that is due by now. */
export async function rollUpAllDue(db: Database): Promise<void> {
  while ((await rollUpDue(db)).more);
}

/** Waits for a worker that is at it, and keeps others out until the transaction ends. */
export async function lockRollups(tx: Queryable): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(${LOCK})`;
}

async function isAnyDue(db: Database): Promise<boolean> {
  const rows = await db.$queryRaw`SELECT FROM rollup_note LIMIT 1`;
  return z.array(z.unknown()).parse(rows).length > 0;
}

// One at a time, and each statement sees what was committed before its turn: an older sum never replaces a newer one.
async function tryLock(tx: Queryable): Promise<boolean> {
  const rows = await tx.$queryRaw`SELECT pg_try_advisory_xact_lock(${LOCK}) AS locked`;
  const [row] = z.tuple([z.object({ locked: z.boolean() })]).parse(rows);
  return row.locked;
}

const dueRow = z.object({ tenant: z.string(), hour: z.date() });

// Taken before the sums are computed, by a statement of its own: what is booked after this look leaves another note.
async function takeDue(tx: Queryable, hoursMax: number): Promise<RollupHour[]> {
  const rows = await tx.$queryRaw`
    WITH oldest AS MATERIALIZED (
      SELECT tenant_id, hour FROM rollup_note GROUP BY 1, 2 ORDER BY min(id) LIMIT ${hoursMax}
    ), taken AS (
      DELETE FROM rollup_note d USING oldest o WHERE d.tenant_id = o.tenant_id AND d.hour = o.hour
    )
    SELECT tenant_id AS tenant, hour FROM oldest`;
  const due = z.array(dueRow).parse(rows);
  return due.map(({ tenant, hour }) => ({ tenantId: trustedId('tnt', tenant), hourMs: hour.getTime() }));
}

async function replaceHours(tx: Queryable, hours: readonly RollupHour[]): Promise<void> {
  if (hours.length === 0) return;
  for (const table of ROLLUP_TABLES) await replaceBuckets(tx, table, hours);
}

/**
 * Replaces the buckets of one table that hold these hours, under the caller's lock; the tables below must be done. Rows
 * that stay as they are are not written: most of a day and a month does not change with an hour.
 */
export async function replaceBuckets(tx: Queryable, table: RollupTable, hours: readonly RollupHour[]): Promise<void> {
  const { keys, bucketKeys, measures } = table;
  const name = Prisma.raw(`"${table.name}"`);
  const assignments = Prisma.raw(measures.map((each) => `"${each}" = EXCLUDED."${each}"`).join(', '));
  await tx.$executeRaw`
    WITH ${wantedHours(hours)}, ${bucketsOf(table)}, ${freshRows(table)}, gone AS (
      DELETE FROM ${name} r USING bucket b
       WHERE (${columnList(bucketKeys, 'r')}) = (${columnList(bucketKeys, 'b')})
         AND NOT EXISTS (SELECT FROM fresh f WHERE (${columnList(keys, 'f')}) = (${columnList(keys, 'r')}))
    )
    INSERT INTO ${name} AS r (${columnList([...keys, ...measures])})
    SELECT ${columnList([...keys, ...measures])} FROM fresh
        ON CONFLICT (${columnList(keys)}) DO UPDATE SET ${assignments}
     WHERE (${columnList(measures, 'r')}) IS DISTINCT FROM (${columnList(measures, 'EXCLUDED')})`;
}

/** One transaction for sums; its statements may take as long as it may. */
export function inOneTransaction<T>(db: Database, timeoutMs: number, work: (tx: Queryable) => Promise<T>): Promise<T> {
  return db.$transaction(
    async (tx) => {
      await tx.$queryRaw`SELECT set_config('statement_timeout', ${String(timeoutMs)}, true)`;
      return work(tx);
    },
    { timeout: timeoutMs, maxWait: CONNECTION_WAIT_MS },
  );
}
