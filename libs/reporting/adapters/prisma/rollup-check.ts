// Computes the tables of sums anew for a range of days, and says with a checksum of each table before and after whether it
// was right; then holds them against the ledger's own totals (rollup-control.ts), for what is computed wrongly comes out the
// same again. Day by day, each in a transaction of its own: a year takes no more memory than a day, and the worker waits
// for a day at most. Months come last, when all their days are there.
import { createHash } from 'node:crypto';
import { trustedId, type TenantId } from '@trunkline/kernel';
import { Prisma, type Database, type Queryable } from '@trunkline/platform/database';
import { z } from 'zod';
import { inOneTransaction, lockRollups, replaceBuckets, rollUpAllDue } from './roll-up.js';
import { unlikeLedger, type Unlike } from './rollup-control.js';
import {
  columnList,
  bucketsOf,
  ROLLUP_TABLES,
  wantedHours,
  type RollupHour,
  type RollupTable,
} from './rollup-tables.js';

/** Which sums: the UTC days from that of `fromMs` to the last that begins before `toMs`, of one tenant or of all. */
export interface RollupSpan {
  readonly fromMs: number;
  readonly toMs: number;
  readonly tenantId: TenantId | null;
}

/** A table, before and after it was computed anew. */
export interface RollupCheck {
  readonly table: string;
  /** Rows after. */
  readonly rows: number;
  /** SHA-256 of the rows as they stood, in the order of their keys. */
  readonly before: string;
  readonly after: string;
  /** UTC days (or, of months, the whole range) whose rows were wrong, missing or too many. */
  readonly wrong: readonly string[];
  /** UTC days or months whose sums are not the ledger's own totals, after it was computed anew where that was asked for. */
  readonly unlikeLedger: readonly string[];
  /** UTC days or months that could not be held against the ledger: something was booked for them at each look. */
  readonly notCompared: readonly string[];
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const HOURS_A_DAY = 24;
const CHUNK_MS_MAX = 600_000;
// While usage is booked, something is due at nearly each look.
const LOOKS_MAX = 5;

/** Says whether everything is as it would be computed now; sums up what is due and changes nothing else. */
export async function checkRollups(db: Database, span: RollupSpan): Promise<RollupCheck[]> {
  await rollUpAllDue(db);
  return withControl(db, span, await recompute(db, span, rolledBack));
}

/** Computes everything anew and replaces it. Stopped half way, it may simply be run again. */
export async function rebuildRollups(db: Database, span: RollupSpan): Promise<RollupCheck[]> {
  return withControl(db, span, await recompute(db, span, committed));
}

type Recomputed = Omit<RollupCheck, 'unlikeLedger' | 'notCompared'>;

// A bucket of which something is due may differ; what still is after some looks, with its tenant's usage summed up before
// each, could not be compared, and is said to be so: it is of a tenant for whom something is booked all the time.
async function withControl(db: Database, span: RollupSpan, checks: readonly Recomputed[]): Promise<RollupCheck[]> {
  let unlike: readonly Unlike[] = [];
  for (let look = 0; look < LOOKS_MAX; look++) {
    await inOneTransaction(db, CHUNK_MS_MAX, async (tx) => {
      unlike = await unlikeLedger(tx, span);
    });
    if (!unlike.some(({ due }) => due)) break;
    await rollUpAllDue(db);
  }
  const bucketsOfTable = (name: string, isDue: boolean): string[] =>
    unlike.filter(({ table, due }) => table === name && due === isDue).map(({ bucket }) => bucket);
  return checks.map((check) => ({
    ...check,
    unlikeLedger: bucketsOfTable(check.table, false),
    notCompared: bucketsOfTable(check.table, true),
  }));
}

/** Runs work in a transaction and keeps or forgets what it did. */
type Ending = (db: Database, work: (tx: Queryable) => Promise<void>) => Promise<void>;

const committed: Ending = (db, work) => inOneTransaction(db, CHUNK_MS_MAX, work);

const rolledBack: Ending = async (db, work) => {
  const undo = new Error('what was only to be looked at is rolled back');
  await committed(db, async (tx) => {
    await work(tx);
    throw undo;
  }).catch((error: unknown) => {
    if (error !== undo) throw error;
  });
};

async function recompute(db: Database, span: RollupSpan, ending: Ending): Promise<Recomputed[]> {
  const tenants = span.tenantId === null ? await tenantsOfTheBooks(db) : [span.tenantId];
  const checks = new Map(ROLLUP_TABLES.map((table) => [table.name, new RunningCheck(table.name)]));
  const compute = (chunk: string, tables: readonly RollupTable[], hours: readonly RollupHour[]): Promise<void> =>
    ending(db, async (tx) => {
      await lockRollups(tx);
      const before = await digestsOf(tx, tables, hours);
      for (const table of tables) await replaceBuckets(tx, table, hours);
      const after = await digestsOf(tx, tables, hours);
      for (const [i, { name }] of tables.entries()) checks.get(name)?.add(chunk, before[i], after[i]);
    });
  const noons: RollupHour[] = [];
  for (let dayMs = Math.floor(span.fromMs / DAY_MS) * DAY_MS; dayMs < span.toMs; dayMs += DAY_MS) {
    const day = new Date(dayMs).toISOString().slice(0, 10);
    await compute(
      day,
      ROLLUP_TABLES.filter(isWithinDay),
      tenants.flatMap((tenantId) => hoursOf(tenantId, dayMs)),
    );
    noons.push(...tenants.map((tenantId) => ({ tenantId, hourMs: dayMs + DAY_MS / 2 })));
  }
  const months = ROLLUP_TABLES.filter((table) => !isWithinDay(table));
  await compute('the months', months, noons);
  return [...checks.values()].map((check) => check.result());
}

function isWithinDay({ bucketKeys }: RollupTable): boolean {
  return !bucketKeys.includes('usage_period');
}

function hoursOf(tenantId: TenantId, dayMs: number): RollupHour[] {
  return Array.from({ length: HOURS_A_DAY }, (_, hour) => ({ tenantId, hourMs: dayMs + hour * HOUR_MS }));
}

// Every tenant that was ever booked for has accounts; what is summed up for anybody else has to go.
async function tenantsOfTheBooks(db: Database): Promise<TenantId[]> {
  const rows = await db.$queryRaw`
    SELECT tenant_id AS id FROM ledger_account UNION SELECT tenant_id FROM usage_rollup_month ORDER BY 1`;
  return z
    .array(z.object({ id: z.string() }))
    .parse(rows)
    .map(({ id }) => trustedId('tnt', id));
}

interface Digest {
  readonly rows: number;
  readonly sha256: string;
}
const digestRow = z.object({ rows: z.number(), sha256: z.string() });

async function digestsOf(
  tx: Queryable,
  tables: readonly RollupTable[],
  hours: readonly RollupHour[],
): Promise<Digest[]> {
  const digests: Digest[] = [];
  for (const table of tables) digests.push(await digestOf(tx, table, hours));
  return digests;
}

// Each row as a JSON array of texts, which no value can pretend to be two of.
async function digestOf(tx: Queryable, table: RollupTable, hours: readonly RollupHour[]): Promise<Digest> {
  const { name, keys, bucketKeys, measures } = table;
  const texts = [...keys, ...measures].map((column) =>
    column === 'hour' ? `(r."hour" AT TIME ZONE 'UTC')::text` : `r."${column}"::text`,
  );
  const rows = await tx.$queryRaw`
    WITH ${wantedHours(hours)}, ${bucketsOf(table)}, line AS (
      SELECT json_build_array(${Prisma.raw(texts.join(', '))})::text COLLATE "C" AS text
        FROM ${Prisma.raw(`"${name}"`)} r JOIN bucket b ON (${columnList(bucketKeys, 'r')}) = (${columnList(bucketKeys, 'b')})
    )
    SELECT count(*)::int AS rows,
           encode(sha256(convert_to(coalesce(string_agg(text, chr(10) ORDER BY text), ''), 'UTF8')), 'hex') AS sha256
      FROM line`;
  const [digest] = z.tuple([digestRow]).parse(rows);
  return digest;
}

/** The checksum of a table, chunk after chunk. */
class RunningCheck {
  private rows = 0;
  private readonly before = createHash('sha256');
  private readonly after = createHash('sha256');
  private readonly wrong: string[] = [];

  constructor(private readonly table: string) {}

  add(chunk: string, before: Digest | undefined, after: Digest | undefined): void {
    if (before === undefined || after === undefined) return;
    this.rows += after.rows;
    this.before.update(before.sha256);
    this.after.update(after.sha256);
    if (before.sha256 !== after.sha256) this.wrong.push(chunk);
  }

  result(): Recomputed {
    const [before, after] = [this.before.digest('hex'), this.after.digest('hex')];
    return { table: this.table, rows: this.rows, before, after, wrong: this.wrong };
  }
}
