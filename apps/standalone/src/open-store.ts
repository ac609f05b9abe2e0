// PostgreSQL: the one that was given, or the embedded one; migrated before anybody uses it.
import { join } from 'node:path';
import type { DataFolder } from '@trunkline/platform/data-folder';
import { assertDatabaseReachable, migrate, openDatabase, type Database } from '@trunkline/platform/database';
import { startEmbeddedPostgres, type PostgresEvent } from '@trunkline/platform/embedded-postgres';
import { secretFile } from '@trunkline/platform/secrets';
import type { ProcessBase } from '@trunkline/platform/process';
import { projectFile } from './project-file.js';

const STOP_MS_MAX = 20_000;

/** An open, migrated database. */
export interface Store {
  readonly db: Database;
  /** Its address, for what needs a connection of its own. */
  readonly url: string;
}

/** Opens the database. @throws errors whose message says what to do. */
export async function openStore(base: ProcessBase, folder: DataFolder): Promise<Store> {
  const { config, log, shutdown } = base;
  const url = config.databaseUrl ?? (await startEmbedded(base, folder));
  await assertDatabaseReachable(url);
  await migrate(url, projectFile('prisma/migrations'), (line) =>
    log.info({ event: 'migration', detail: line }, 'migrated'),
  );
  const db = openDatabase(url);
  shutdown.register('database', STOP_MS_MAX, () => db.$disconnect());
  return { db, url };
}

async function startEmbedded({ config, log, shutdown }: ProcessBase, folder: DataFolder): Promise<string> {
  const postgres = await startEmbeddedPostgres({
    dir: folder.postgresDir,
    password: await secretFile(join(folder.secretsDir, 'postgres-password')),
    port: config.postgresPort,
    onEvent: (event: PostgresEvent) => {
      const fields = { event: `postgres_${event.kind}`, detail: 'reason' in event ? event.reason : undefined };
      if (event.kind === 'crashed' || event.kind === 'restart_failed')
        log.error(fields, 'the embedded database failed');
      else log.info(fields, 'embedded database');
    },
  });
  shutdown.register('embedded database', STOP_MS_MAX + 2_000, () => postgres.stop(STOP_MS_MAX));
  return postgres.url;
}
