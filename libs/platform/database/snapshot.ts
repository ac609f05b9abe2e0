// One consistent, read-only view of the database for work that reads more than memory holds: an export of millions of
// rows. A connection of its own, so that no pool waits; a repeatable-read transaction, so that totals and rows belong
// together; rows come by COPY in batches of a network read, so that a slow reader slows the server and memory stays flat.
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { connectOnce } from './connect.js';
import { TENANT_ROLE, TENANTS_SETTING, tenantsText } from './tenant-role.js';

/** Columns as text, as PostgreSQL writes them; null for NULL. */
export type CopiedRow = readonly (string | null)[];

/** A view that does not change while it is open. */
export interface Snapshot {
  /** Rows of a query in batches. `sql` is a whole SELECT; values come in by `literal`, since COPY binds none. */
  copy(sql: string, options?: CopyOptions): AsyncIterable<readonly CopiedRow[]>;
  /** Few rows, with bound values; for what fits into memory. */
  query(sql: string, values?: readonly unknown[]): Promise<readonly unknown[]>;
}

/** What we know of a query and the server cannot guess. */
export interface CopyOptions {
  /** Its sums are few, whatever the estimate: gather them by hash and do not sort all rows first. */
  readonly sumByHash?: boolean;
}

export interface SnapshotOptions {
  /** Memory that one sort or hash of the server may take, in MB. Default 64. */
  readonly workMemMb?: number;
  /** Rows of these tenants only, whatever is asked (`tenant-role.ts`). Null, the default: of everybody. */
  readonly tenants?: readonly string[] | null;
}

const WORK_MEM_MB = 64;

/** Opens a view, hands it to the work, and closes it whatever happens. @throws DatabaseUnreachable, and what the work throws. */
export async function withSnapshot<T>(
  url: string,
  work: (snapshot: Snapshot) => Promise<T>,
  { workMemMb = WORK_MEM_MB, tenants = null }: SnapshotOptions = {},
): Promise<T> {
  const client = await connectOnce(url);
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await client.query(`SET LOCAL work_mem = '${Math.trunc(workMemMb)}MB'`);
    // Many small parts of large tables: rather by their index than by reading the whole table for each.
    await client.query(`SET LOCAL random_page_cost = 1.1`);
    // Where a server can compile queries it would do so for each of them, which takes longer than most of them run.
    await client.query('SET LOCAL jit = off');
    // Text must not depend on who configured the server.
    await client.query(`SET LOCAL timezone = 'UTC'`);
    if (tenants !== null)
      await client.query(`SELECT set_config($1, $2, true), set_config('role', $3, true)`, [
        ...[TENANTS_SETTING, tenantsText(tenants), TENANT_ROLE],
      ]);
    return await work({
      copy: (sql, options) => copyRows(client, sql, options),
      query: async (sql, values = []) => {
        const { rows }: { rows: unknown[] } = await client.query(sql, [...values]);
        return rows;
      },
    });
  } finally {
    // Ends the transaction too; there is nothing to commit. An abandoned COPY would make a polite end wait for its rows.
    await client.end().catch(() => undefined);
  }
}

/** A value inside the SQL of `copy`. */
export function literal(text: string | null): string {
  return text === null ? 'NULL' : pg.escapeLiteral(text);
}

async function* copyRows(
  client: pg.Client,
  sql: string,
  { sumByHash = false }: CopyOptions = {},
): AsyncIterable<readonly CopiedRow[]> {
  // Not for the next query: whoever reads in the order of an index needs sorting to be an alternative.
  await client.query(`SET LOCAL enable_sort = ${sumByHash ? 'off' : 'on'}`);
  const stream = client.query(copyTo(`COPY (${sql}) TO STDOUT`));
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    const bytes = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
    const { rows, end } = rowsIn(bytes);
    rest = bytes.subarray(end);
    if (rows.length > 0) yield rows;
  }
}

const LINE_FEED = 0x0a;

// Decoded row by row: a value that somebody keeps then holds the text of its row, not that of the whole network read.
function rowsIn(bytes: Buffer): { readonly rows: readonly CopiedRow[]; readonly end: number } {
  const rows: CopiedRow[] = [];
  let begin = 0;
  for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, begin)) {
    rows.push(rowOf(bytes.toString('utf8', begin, end)));
    begin = end + 1;
  }
  return { rows, end: begin };
}

// COPY's text format: a tab between columns, a line feed between rows, both escaped inside values.
function rowOf(line: string): CopiedRow {
  const columns = line.split('\t');
  return line.includes('\\') ? columns.map(valueOf) : columns;
}

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

function valueOf(text: string): string | null {
  return text === '\\N' ? null : text.replace(/\\(.)/gs, (_, char: string) => ESCAPES[char] ?? char);
}
