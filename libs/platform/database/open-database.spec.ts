import { createServer, type Socket } from 'node:net';
import { eventually } from '../../../test/support/poll.js';
import { startTestPostgres, type TestPostgres } from '../../../test/support/postgres.js';
import { findFreePort } from '../embedded-postgres/index.js';
import {
  assertDatabaseReachable,
  DatabaseUnreachable,
  isDatabaseUnavailable,
  isUniqueViolation,
  openDatabase,
  sqlStateOf,
} from './index.js';
import { parseDatabaseUrl } from './database-url.js';

const failureOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

describe('database', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startTestPostgres();
    await postgres.db.$executeRaw`CREATE TABLE thing (id INT PRIMARY KEY)`;
  }, 60_000);
  afterAll(() => postgres.stop());

  it('tells a duplicate key by its SQLSTATE', async () => {
    await postgres.db.$executeRaw`INSERT INTO thing VALUES (1)`;
    const error = await failureOf(postgres.db.$executeRaw`INSERT INTO thing VALUES (1)`);
    expect(sqlStateOf(error)).toBe('23505');
    expect(isUniqueViolation(error)).toBe(true);
    expect(isDatabaseUnavailable(error)).toBe(false);
  });

  it('cancels a statement that runs longer than its deadline', async () => {
    const db = openDatabase(postgres.url, { statementTimeoutMs: 100 });
    expect(sqlStateOf(await failureOf(db.$queryRaw`SELECT 1 FROM pg_sleep(20)`))).toBe('57014');
    await db.$disconnect();
  });

  it('reports a lost connection, calls it unavailable, and works again when the server is back', async () => {
    const lost: string[] = [];
    const db = openDatabase(postgres.url, { onConnectionLost: (error) => lost.push(error.message) });
    await db.$queryRaw`SELECT 1`;
    await postgres.crash();
    expect(isDatabaseUnavailable(await failureOf(db.$queryRaw`SELECT 1`))).toBe(true);
    expect(lost.length).toBeGreaterThan(0);
    await postgres.restart();
    await expect(db.$queryRaw`SELECT 1 AS one`).resolves.toEqual([{ one: 1 }]);
    await db.$disconnect();
  });

  it('says where nothing listens and never shows the password', async () => {
    const port = await findFreePort();
    const error = await failureOf(assertDatabaseReachable(`postgresql://me:s3cret@127.0.0.1:${port}/books`));
    expect(error).toBeInstanceOf(DatabaseUnreachable);
    expect(String(error)).toContain(`127.0.0.1:${port}/books: nothing listens there`);
    expect(String(error)).not.toContain('s3cret');
  });

  it.each([
    ['a wrong password', (url: URL) => (url.password = 'wrong'), /refuses user or password/],
    ['a database that does not exist', (url: URL) => (url.pathname = '/absent'), /does not exist there/],
  ])('explains %s', async (_name, change, message) => {
    const url = new URL(postgres.url);
    change(url);
    await expect(assertDatabaseReachable(url.href)).rejects.toThrow(message);
  });

  it('calls a server that accepts and never answers unavailable', async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => sockets.add(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const db = openDatabase(`postgresql://me:x@127.0.0.1:${port}/books`, { connectTimeoutMs: 200 });
    expect(isDatabaseUnavailable(await failureOf(db.$queryRaw`SELECT 1`))).toBe(true);
    await db.$disconnect();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
  });

  it('calls a full pool unavailable', async () => {
    const db = openDatabase(postgres.url, { poolMax: 1, connectTimeoutMs: 1_000 });
    await db.$queryRaw`SELECT 1`;
    const [first, second] = await Promise.all([1, 2].map(() => failureOf(db.$queryRaw`SELECT 1 FROM pg_sleep(2)`)));
    expect(first).toBeNull();
    expect(isDatabaseUnavailable(second)).toBe(true);
    await db.$disconnect();
  });

  it('calls a connection that breaks under a statement unavailable', async () => {
    const db = openDatabase(postgres.url, { poolMax: 1, applicationName: 'victim' });
    const running = failureOf(db.$queryRaw`SELECT 1 FROM pg_sleep(20)`);
    const killed = () => postgres.db.$executeRaw`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim' AND state = 'active'`;
    await eventually('the statement runs', async () => ((await killed()) > 0 ? true : null));
    expect(isDatabaseUnavailable(await running)).toBe(true);
    await db.$disconnect();
  });
});

describe('database address', () => {
  it.each(['', 'localhost', 'mysql://h/db', 'postgres://', 'postgresql://host:port/db'])('refuses %p', (text) => {
    expect(() => parseDatabaseUrl(text)).toThrow(/must look like|names no database/);
  });

  it('refuses a schema that raw SQL would not see', () => {
    expect(() => parseDatabaseUrl('postgresql://h/db?schema=other')).toThrow(/a database of its own/);
    expect(parseDatabaseUrl('postgresql://u:p@h/db?schema=public').shown).toBe('h:5432/db');
  });
});
