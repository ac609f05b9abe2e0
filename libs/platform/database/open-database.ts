// Opens the database for the running system. Guarantees a bounded pool, a deadline on connecting and on every
// statement, and that losing an idle connection is reported and never ends the process. Connections are made when first
// needed, so opening succeeds while the server is away; `assertDatabaseReachable` asks.
import { PrismaPg } from '@prisma/adapter-pg';
import { parseDatabaseUrl } from './database-url.js';
import { PrismaClient } from './generated/client.js';

/** The database as repositories use it. Close it with `$disconnect()`. */
export type Database = PrismaClient;

/** How the pool behaves; every value has a default that suits one process of many. */
export interface DatabaseOptions {
  /** Connections at most. Default 10: PostgreSQL's own default limit of 100 then serves several processes. */
  readonly poolMax?: number;
  /** Milliseconds to wait for a connection (server or pool). Default 5,000. */
  readonly connectTimeoutMs?: number;
  /**
   * Milliseconds after which the server cancels a statement. Default 30,000; 0 is no limit. Sent when connecting: a
   * PgBouncer in between must have it in `ignore_startup_parameters`.
   */
  readonly statementTimeoutMs?: number;
  /** Milliseconds until an idle connection is closed. Default 30,000. */
  readonly idleTimeoutMs?: number;
  /** What `pg_stat_activity` shows. Default `trunkline`. */
  readonly applicationName?: string;
  /** Called when the pool loses an idle connection, as when the server restarts. The next query reconnects. */
  readonly onConnectionLost?: (error: Error) => void;
}

/**
 * Opens a database; does not connect yet.
 * @throws DatabaseUrlRefused when the address is malformed.
 */
export function openDatabase(url: string, options: DatabaseOptions = {}): Database {
  const onLost = options.onConnectionLost ?? (() => undefined);
  const adapter = new PrismaPg(
    {
      connectionString: parseDatabaseUrl(url).href,
      max: options.poolMax ?? 10,
      connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
      idleTimeoutMillis: options.idleTimeoutMs ?? 30_000,
      statement_timeout: options.statementTimeoutMs ?? 30_000,
      application_name: options.applicationName ?? 'trunkline',
      keepAlive: true,
    },
    { onPoolError: onLost, onConnectionError: onLost },
  );
  return new PrismaClient({ adapter, errorFormat: 'minimal' });
}
