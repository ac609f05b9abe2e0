// Brings a database to the schema this version needs. Guarantees: one migrator at a time, each migration once, in order,
// recorded in Prisma's own table, so that `prisma migrate deploy` finds nothing edited, failed or pending; an edited or
// a failed migration stops everything with a message. Our own code, because Prisma's needs an engine that npm does not
// carry. Writing migrations is for people.
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { z } from 'zod';
import { connectOnce } from './connect.js';
import { MigrationRefused, readMigrations, type MigrationFile } from './migration-files.js';

// The lock that Prisma's own migrator takes: the two exclude each other.
const LOCK_KEY = 72707369;
const LOCK_TIMEOUT_MS = 60_000;

/** What a run did. */
export interface MigrationReport {
  /** Names run now, in order. */
  readonly applied: readonly string[];
  /** In the database but not on disk: a newer version has been here. Its migrations keep older code working. */
  readonly unknown: readonly string[];
}

/**
 * Runs every migration of the folder that the database has not seen.
 * @param log receives one line per migration.
 * @throws DatabaseUrlRefused, DatabaseUnreachable, MigrationRefused.
 */
export async function migrate(
  url: string,
  migrationsDir: string,
  log: (line: string) => void = () => undefined,
): Promise<MigrationReport> {
  const files = await readMigrations(migrationsDir);
  const client = await connectOnce(url);
  try {
    await takeLock(client);
    await client.query(CREATE_TABLE);
    const recorded = await readRecorded(client);
    const pending = pendingOf(files, recorded);
    for (const file of pending) {
      log(`migration ${file.name}`);
      await run(client, file);
    }
    const onDisk = new Set(files.map((file) => file.name));
    return { applied: pending.map((file) => file.name), unknown: [...recorded.keys()].filter((n) => !onDisk.has(n)) };
  } finally {
    await client.end(); // Ends the session and so gives the lock back.
  }
}

// Prisma's definition, to the letter of its types.
const CREATE_TABLE = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id                  VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum            VARCHAR(64) NOT NULL,
  finished_at         TIMESTAMPTZ,
  migration_name      VARCHAR(255) NOT NULL,
  logs                TEXT,
  rolled_back_at      TIMESTAMPTZ,
  started_at          TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
)`;

async function takeLock(client: pg.Client): Promise<void> {
  await client.query(`SET lock_timeout = ${LOCK_TIMEOUT_MS}; SET statement_timeout = 0`);
  try {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK_KEY]);
  } catch (error) {
    throw new MigrationRefused(
      'Another process has been migrating this database for more than a minute. Wait for it, or end it: ' +
        `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = ${LOCK_KEY} shows who it is.`,
      { cause: error },
    );
  }
  await client.query('RESET lock_timeout');
}

const Recorded = z.array(
  z.object({
    migration_name: z.string(),
    checksum: z.string(),
    finished_at: z.date().nullable(),
    logs: z.string().nullable(),
  }),
);
type RecordedMigration = z.infer<typeof Recorded>[number];

async function readRecorded(client: pg.Client): Promise<Map<string, RecordedMigration>> {
  const { rows } = await client.query(
    'SELECT migration_name, checksum, finished_at, logs FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at',
  );
  return new Map(Recorded.parse(rows).map((row) => [row.migration_name, row]));
}

function pendingOf(files: readonly MigrationFile[], recorded: ReadonlyMap<string, RecordedMigration>): MigrationFile[] {
  for (const row of recorded.values()) if (row.finished_at === null) throw new MigrationRefused(failedMessage(row));
  for (const file of files) {
    const row = recorded.get(file.name);
    if (row !== undefined && row.checksum !== file.checksum) throw new MigrationRefused(editedMessage(file.name));
  }
  return files.filter((file) => !recorded.has(file.name));
}

function failedMessage(row: RecordedMigration): string {
  return (
    `The migration ${row.migration_name} failed earlier${row.logs === null ? '' : `: ${row.logs}`}\n` +
    'Nothing runs until that is settled. Its statements were undone together, so correct the cause and mark it: ' +
    `UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name = '${row.migration_name}' AND finished_at IS NULL; ` +
    'the next start runs it again.'
  );
}

function editedMessage(name: string): string {
  return (
    `The migration ${name} was edited after it had run on this database. Restore the file as it was (git log shows it) ` +
    'and put the change into a new migration; for a database without data worth keeping, start on an empty one.'
  );
}

// Mark and statements commit together: a process killed in the middle leaves nothing behind, and the next start runs the
// migration again. A failure is recorded on its own, so that it is not tried again until somebody has looked.
async function run(client: pg.Client, file: MigrationFile): Promise<void> {
  const id = randomUUID();
  await client.query('BEGIN');
  try {
    await client.query(RECORD, [id, file.checksum, file.name]);
    // Without parameters the driver uses the simple protocol, which takes many statements at once.
    await client.query(file.sql);
    await client.query('UPDATE _prisma_migrations SET finished_at = now(), applied_steps_count = 1 WHERE id = $1', [
      id,
    ]);
    await client.query('COMMIT');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    await recordFailure(client, file, reason).catch(() => undefined); // The connection may be what failed.
    throw new MigrationRefused(`The migration ${file.name} failed: ${reason}. Its statements were undone together.`, {
      cause: error,
    });
  }
  await client.query('RESET ALL; SET statement_timeout = 0'); // A migration's own SET must not reach the next one.
}

const RECORD = 'INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ($1, $2, $3)';

async function recordFailure(client: pg.Client, file: MigrationFile, reason: string): Promise<void> {
  await client.query('ROLLBACK');
  await client.query(RECORD, [randomUUID(), file.checksum, file.name]);
  await client.query('UPDATE _prisma_migrations SET logs = $2 WHERE migration_name = $1 AND finished_at IS NULL', [
    file.name,
    reason,
  ]);
}
