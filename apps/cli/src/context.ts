// What every command works on: the database of a running (or reachable) installation, found by `DATABASE_URL` or in the
// data folder, and its pepper.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { systemClock } from '@trunkline/kernel';
import { layoutOf } from '@trunkline/platform/data-folder';
import { assertDatabaseReachable, openDatabase } from '@trunkline/platform/database';
import { findEmbeddedPostgres } from '@trunkline/platform/embedded-postgres';
import { installedPepper, readSecret, secretSeal } from '@trunkline/platform/secrets';
import { keyHasher } from '@trunkline/tenancy';
import type { PoolContext } from '@trunkline/tenancy/adapters/prisma';

/** Where to look. */
export interface InstallationFlags {
  readonly dataDir: string;
  readonly databaseUrl: string | null;
  /** From the environment; else the data folder's. */
  readonly keyPepper: string | null;
}

/** Runs work on the installation and closes its database after. @throws Error that says what to do. */
export async function withInstallation<T>(
  flags: InstallationFlags,
  work: (tenancy: PoolContext, databaseUrl: string) => Promise<T>,
): Promise<T> {
  const layout = layoutOf(flags.dataDir);
  const pepper = await installedPepper(flags);
  const url = flags.databaseUrl ?? (await embeddedUrl(layout));
  await assertDatabaseReachable(url);
  const db = openDatabase(url, { poolMax: 2 });
  try {
    const { seal: sealUpstreamKey } = secretSeal(pepper);
    return await work({ db, clock: systemClock, randomBytes, hashKey: keyHasher(pepper), sealUpstreamKey }, url);
  } finally {
    await db.$disconnect();
  }
}

async function embeddedUrl(layout: ReturnType<typeof layoutOf>): Promise<string> {
  const password = await readSecret(join(layout.secretsDir, 'postgres-password'));
  const url = password === null ? null : await findEmbeddedPostgres(layout.postgresDir, password);
  if (url !== null) return url;
  throw new Error('the embedded database is not running: start it with `npm start`, or set DATABASE_URL');
}
