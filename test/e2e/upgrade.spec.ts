// An installation of the first release, upgraded: its rows as that release wrote them, the migrations since then, and this
// product on top. Its books must be as they were, and go on.
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '@trunkline/platform/database';
import { writeSecret } from '@trunkline/platform/secrets';
import pg from 'pg';
import { z } from 'zod';
import { startSimulator, type Simulator } from '../../apps/simulator/index.js';
import { eventually } from '../support/poll.js';
import { startTestPostgres, type TestPostgres } from '../support/postgres.js';
import { makeDataDir, removeDataDir, runProgram, startProduct, type Product } from '../support/product.js';
import { connect, textTurn } from '../support/voice-client.js';

const MIGRATIONS = join(import.meta.dirname, '../../prisma/migrations');
const LAST_OF_THE_RELEASE = '20261122120000_tenant_spend';
/** A data folder's secrets and a database of that release, after three turns; one of them was not rated yet. */
const Release = z.object({
  pepper: z.string(),
  apiKey: z.string(),
  /** In the order in which rows may be written. */
  tables: z.array(z.object({ table: z.string().regex(/^[a-z_]+$/), rows: z.array(z.record(z.string(), z.unknown())) })),
});

let postgres: TestPostgres;
let simulator: Simulator;
let product: Product;
let dataDir: string;
let url: string;
let before: readonly Booked[];
let apiKey: string;
beforeAll(async () => {
  const release = Release.parse(
    JSON.parse(await readFile(join(import.meta.dirname, '../fixtures/first-release.json'), 'utf8')),
  );
  apiKey = release.apiKey;
  postgres = await startTestPostgres();
  url = await postgres.createDatabase({ empty: true });
  await migrateTo(LAST_OF_THE_RELEASE);
  await fill(release.tables);
  before = await bookedRows();
  dataDir = await makeDataDir();
  await writeSecret(join(dataDir, 'secrets/pepper'), release.pepper);
  simulator = await startSimulator({ apiKeys: ['sk-upstream'] });
  const upstream = ['--upstream-url', `${simulator.httpUrl}/v1`, '--upstream-key', 'sk-upstream'];
  product = await startProduct({ dataDir, flags: ['--database-url', url, '--drain-soft', '0s', ...upstream] });
}, 120_000);
afterAll(async () => {
  await product.stop();
  await simulator.close();
  await removeDataDir(dataDir);
  await postgres.stop();
}, 60_000);

async function query(sql: string, values: readonly unknown[] = []): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql, [...values])).rows;
  } finally {
    await client.end();
  }
}

/** Runs the migrations that the release had. */
async function migrateTo(last: string): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'trunkline-release-'));
  try {
    for (const name of await readdir(MIGRATIONS))
      if (name <= last) await cp(join(MIGRATIONS, name), join(dir, name), { recursive: true });
    await migrate(url, dir);
  } finally {
    await rm(dir, { recursive: true });
  }
}

// In one database transaction, as bookings are: the parts of one may not come later.
async function fill(tables: z.output<typeof Release>['tables']): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('BEGIN');
    for (const { table, rows } of tables)
      await client.query(`INSERT INTO ${table} SELECT * FROM json_populate_recordset(NULL::${table}, $1)`, [
        JSON.stringify(rows),
      ]);
    await client.query('COMMIT');
  } finally {
    await client.end();
  }
}

const Booked = z.object({ id: z.string(), purpose: z.string(), total: z.string(), lines: z.string() });
type Booked = z.output<typeof Booked>;
async function bookedRows(): Promise<readonly Booked[]> {
  const rows = await query(`
    SELECT t.id, t.purpose, t.total::text, (
             SELECT string_agg(concat_ws(' ', l.meter, l.quantity, v.price, l.amount), ', ' ORDER BY l.meter)
               FROM charge_line l JOIN price_version v ON v.id = l.price_version_id
              WHERE l.transaction_id = t.id) AS lines
      FROM ledger_transaction t ORDER BY t.id`);
  return z.array(Booked).parse(rows);
}

async function cli(...args: string[]): Promise<Record<string, string | null>[]> {
  const where = ['--json', '--data-dir', dataDir, '--database-url', url];
  const { code, stdout, stderr } = await runProgram('cli', [...args, ...where]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, string | null>[];
}

describe('an installation of the first release, upgraded', () => {
  it('has every booking as it was, in chains that verify', async () => {
    expect(before.length).toBeGreaterThan(2);
    const ids = new Set(before.map(({ id }) => id));
    expect((await bookedRows()).filter(({ id }) => ids.has(id))).toEqual(before);
    expect((await cli('ledger', 'verify')).length).toBeGreaterThan(0);
  }, 60_000);

  it('rates what the old worker had not come to, by the prices of its time', async () => {
    await eventually('no usage waits', async () => {
      const waiting = await query(`SELECT id FROM usage_event WHERE rating_state = 'pending'`);
      return waiting.length === 0 ? true : null;
    });
    const rows = z.array(z.object({ booked: z.string(), states: z.string() })).parse(
      await query(
        `SELECT count(*)::text AS booked, string_agg(DISTINCT u.rating_state, ',') AS states
                     FROM usage_event u JOIN ledger_transaction t ON t.usage_event_id = u.id
                    WHERE NOT t.id = ANY($1)`,
        [before.map(({ id }) => id)],
      ),
    );
    expect(rows).toEqual([{ booked: '2', states: 'rated' }]);
  }, 60_000);

  it('lets an old key in, and books its next turn', async () => {
    const client = await connect(product.ready.httpUrl, { apiKey });
    await textTurn(client, 'Hello again.');
    await client.close();
    await eventually('the turn is in the books', async () => {
      const lines = await cli('costs', '--session', client.sessionId);
      return lines.some(({ meter, amount_usd: amount }) => meter === 'output_audio' && amount !== null) ? true : null;
    });
  }, 60_000);

  it('answers what a month costs and how its months stand', async () => {
    const months = await cli('period', 'list');
    expect(months.every(({ status }) => status === 'open')).toBe(true);
    const [month] = months;
    const csv = await runProgram('cli', [
      ...['statement', '--period', String(month?.['period']), '--tenant', String(month?.['tenant'])],
      ...['--data-dir', dataDir, '--database-url', url],
    ]);
    expect(csv).toMatchObject({ code: 0, stdout: expect.stringContaining('PRELIMINARY') });
  }, 60_000);
});
