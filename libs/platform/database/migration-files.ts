// The migrations as they are on disk: one folder each, named so that names sort in the order of running, with one
// migration.sql. The layout, and the checksum over the bytes, are Prisma's, so that its own tools read the same.
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** One migration on disk. */
export interface MigrationFile {
  readonly name: string;
  readonly sql: string;
  /** Lower-case hex SHA-256 of the file's bytes. */
  readonly checksum: string;
}

/** The migrations cannot be run; the message says which and what to do. */
export class MigrationRefused extends Error {
  override readonly name = 'MigrationRefused';
}

/**
 * Reads all migrations of a folder, in the order of running.
 * @throws MigrationRefused when the folder is missing or one has no migration.sql.
 */
export async function readMigrations(migrationsDir: string): Promise<MigrationFile[]> {
  const entries = await readdir(migrationsDir, { withFileTypes: true }).catch((error: unknown) => {
    throw new MigrationRefused(`There is no migrations folder at ${migrationsDir}; the installation is incomplete.`, {
      cause: error,
    });
  });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(names.sort().map((name) => readMigration(migrationsDir, name)));
}

async function readMigration(migrationsDir: string, name: string): Promise<MigrationFile> {
  const path = join(migrationsDir, name, 'migration.sql');
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new MigrationRefused(`The migration ${name} has no migration.sql; restore it, or remove its folder.`, {
      cause: error,
    });
  });
  return { name, sql: bytes.toString('utf8'), checksum: createHash('sha256').update(bytes).digest('hex') };
}
