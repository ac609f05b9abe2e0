// One plain connection, for what a pool cannot do: asking whether the server answers, and running migrations. Guarantees
// that a failure to connect names the server, never the password, and says what to do.
import pg from 'pg';
import { parseDatabaseUrl, type DatabaseUrl } from './database-url.js';
import { connectCodeOf } from './database-error.js';

const CONNECT_TIMEOUT_MS = 5_000;

/** The database does not answer or does not let us in; the message says what to do. */
export class DatabaseUnreachable extends Error {
  override readonly name = 'DatabaseUnreachable';
}

/**
 * Connects once. The caller ends the connection.
 * @throws DatabaseUrlRefused, DatabaseUnreachable.
 */
export async function connectOnce(url: string): Promise<pg.Client> {
  const target = parseDatabaseUrl(url);
  const client = new pg.Client({
    connectionString: target.href,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: 'trunkline',
  });
  client.on('error', () => undefined); // A connection that breaks is reported by the query that needed it.
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw new DatabaseUnreachable(explain(target, error), { cause: error });
  }
}

/**
 * Asks the server for an answer.
 * @throws DatabaseUrlRefused, DatabaseUnreachable.
 */
export async function assertDatabaseReachable(url: string): Promise<void> {
  const client = await connectOnce(url);
  try {
    await client.query('SELECT 1');
  } catch (error) {
    throw new DatabaseUnreachable(explain(parseDatabaseUrl(url), error), { cause: error });
  } finally {
    await client.end();
  }
}

const ADVICE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there. Start the server, or correct host and port in DATABASE_URL.',
  ENOTFOUND: 'the host name is unknown. Correct the host in DATABASE_URL.',
  EAI_AGAIN: 'the host name cannot be looked up. Correct the host in DATABASE_URL or check the DNS.',
  ETIMEDOUT: 'it does not answer. Check host and port in DATABASE_URL, and the firewall.',
  EHOSTUNREACH: 'the host cannot be reached. Check the host in DATABASE_URL, and the network.',
  ENETUNREACH: 'the network cannot be reached. Check the host in DATABASE_URL, and the network.',
  '28P01': 'it refuses user or password. Correct them in DATABASE_URL (@ : / # in a password are %40 %3A %2F %23).',
  '28000': 'it refuses this user from this machine. Correct the user in DATABASE_URL, or pg_hba.conf on the server.',
  '3D000': 'the database does not exist there. Create it with `createdb`, or correct its name in DATABASE_URL.',
  '53300': 'it has no connection left. Raise its max_connections, or lower the pool size.',
  '57P03': 'it is starting or recovering. Try again in a moment.',
};

function explain(target: DatabaseUrl, error: unknown): string {
  const code = connectCodeOf(error);
  const advice = code === null ? undefined : ADVICE[code];
  return `Cannot use PostgreSQL at ${target.shown}: ${advice ?? `${reasonOf(error)}. Check DATABASE_URL.`}`;
}

function reasonOf(error: unknown): string {
  return error instanceof Error && error.message !== '' ? error.message : 'it does not answer';
}
