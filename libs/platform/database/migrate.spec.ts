import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startTestPostgres, type TestPostgres } from '../../../test/support/postgres.js';
import { migrate } from './migrate.js';

describe('migrate', () => {
  let postgres: TestPostgres;
  let url: string;
  let dir: string;

  beforeAll(async () => {
    postgres = await startTestPostgres();
  }, 60_000);
  afterAll(() => postgres.stop());
  beforeEach(async () => {
    url = await postgres.createDatabase({ empty: true });
    dir = await mkdtemp(join(tmpdir(), 'trunkline-migrations-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  const write = async (name: string, sql: string): Promise<void> => {
    await mkdir(join(dir, name), { recursive: true });
    await writeFile(join(dir, name, 'migration.sql'), sql);
  };
  const rows = async (sql: string): Promise<unknown[]> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const result = await client.query<Record<string, unknown>>(sql);
    await client.end();
    return result.rows;
  };

  it('runs each migration once, in the order of names', async () => {
    await write('2_fill', 'INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)');
    await write('1_make', 'CREATE TABLE t (n INT)');
    expect((await migrate(url, dir)).applied).toEqual(['1_make', '2_fill']);
    expect((await migrate(url, dir)).applied).toEqual([]);
    expect(await rows('SELECT n FROM t ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it('records what Prisma expects: SHA-256 of the bytes, one step, finished', async () => {
    await write('1_make', 'SELECT 1');
    await migrate(url, dir);
    expect(await rows('SELECT migration_name, checksum, applied_steps_count, logs FROM _prisma_migrations')).toEqual([
      {
        migration_name: '1_make',
        checksum: 'e004ebd5b5532a4b85984a62f8ad48a81aa3460c1ca07701f386135d72cdecf5',
        applied_steps_count: 1,
        logs: null,
      },
    ]);
  });

  it('runs each migration once when four processes start together', async () => {
    await write('1_make', 'CREATE TABLE t (n INT)');
    await write('2_fill', 'INSERT INTO t VALUES (1)');
    const reports = await Promise.all([1, 2, 3, 4].map(() => migrate(url, dir)));
    expect(reports.flatMap((report) => report.applied)).toEqual(['1_make', '2_fill']);
  });

  it('refuses a migration that was edited after it ran', async () => {
    await write('1_make', 'CREATE TABLE t (n INT)');
    await migrate(url, dir);
    await write('1_make', 'CREATE TABLE t (n BIGINT)');
    await expect(migrate(url, dir)).rejects.toThrow(/1_make was edited after it had run/);
  });

  it('undoes a failing migration whole, then refuses until it is marked', async () => {
    await write('1_broken', 'CREATE TABLE t (n INT); SELECT no_such_column');
    await expect(migrate(url, dir)).rejects.toThrow(/1_broken failed: column "no_such_column" does not exist/);
    expect(await rows("SELECT 1 FROM pg_tables WHERE tablename = 't'")).toEqual([]);
    await write('1_broken', 'CREATE TABLE t (n INT)');
    await expect(migrate(url, dir)).rejects.toThrow(/1_broken failed earlier: column "no_such_column"/);
    await rows("UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name = '1_broken'");
    expect((await migrate(url, dir)).applied).toEqual(['1_broken']);
  });

  it('reports migrations that a newer version ran and goes on', async () => {
    await write('1_make', 'SELECT 1');
    await write('2_newer', 'SELECT 1');
    await migrate(url, dir);
    await rm(join(dir, '2_newer'), { recursive: true });
    expect(await migrate(url, dir)).toEqual({ applied: [], unknown: ['2_newer'] });
  });

  it('says which migration has no file', async () => {
    await mkdir(join(dir, '1_empty'));
    await expect(migrate(url, dir)).rejects.toThrow(/1_empty has no migration.sql/);
  });
});
