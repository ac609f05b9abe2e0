// A PostgreSQL of the benchmark's own, run as the product runs its embedded one: with its default settings, so commits wait
// for the disk. Migrated, with the product's prices, and deleted at the end.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate, openDatabase, type Database } from '@trunkline/platform/database';
import { startEmbeddedPostgres } from '@trunkline/platform/embedded-postgres';
import { importPrices } from '@trunkline/rating/adapters/prisma';
import { readPriceSheets } from '@trunkline/rating/adapters/seed';

/** The server, open. */
export interface PrivatePostgres {
  readonly url: string;
  /** Of the server. */
  readonly pid: number;
  readonly db: Database;
  /** An empty folder that lives as long. */
  readonly folder: string;
  stop(): Promise<void>;
}

/** Starts it. @param projectDir where migrations and price sheets are. */
export async function startPrivatePostgres(projectDir: string): Promise<PrivatePostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-billing-'));
  // The server runs as another user when we are root, and must be able to reach its folder.
  chmodSync(folder, 0o711);
  const server = await startEmbeddedPostgres({ dir: join(folder, 'postgres'), password: 'bench-only' });
  const db = openDatabase(server.url, { poolMax: 5, statementTimeoutMs: 0 });
  const stop = async (): Promise<void> => {
    await db.$disconnect();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await migrate(server.url, join(projectDir, 'prisma/migrations'));
    const sheets = await readPriceSheets(join(projectDir, 'prisma/seed/prices'));
    const imported = sheets.ok ? await importPrices(db, sheets.value) : sheets;
    if (!imported.ok) throw new Error(imported.error.join('\n'));
    return { url: server.url, pid: server.pid(), db, folder, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
