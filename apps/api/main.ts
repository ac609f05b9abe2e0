// The control plane as a process of its own, beside gateways that share its database: settings, listener, one-time link.
// Migrations are for whoever installs; until they have run, its pages say that they cannot be read. A second signal ends
// at once.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { systemClock } from '@trunkline/kernel';
import { helpText, loadProcessConfig, type Config, type LoadedConfig } from '@trunkline/platform/config';
import { layoutOf } from '@trunkline/platform/data-folder';
import { assertDatabaseReachable, openDatabase } from '@trunkline/platform/database';
import { openLog } from '@trunkline/platform/logging';
import { readSecret } from '@trunkline/platform/secrets';
import { Shutdown } from '@trunkline/platform/shutdown';
import { keyHasher } from '@trunkline/tenancy';
import { startApi } from './src/index.js';

const STOP_MS_MAX = 5_000;
// Each page takes one connection for some milliseconds.
const CONNECTIONS_MAX = 4;

async function main(): Promise<void> {
  const loaded = loadProcessConfig();
  if (loaded.asked.has('--help')) return void process.stdout.write(helpText('api'));
  await run(loaded);
}

async function run({ config, warnings }: LoadedConfig): Promise<void> {
  const { databaseUrl } = config;
  if (databaseUrl === null)
    throw new Error('DATABASE_URL is not set: an API of its own shares the database of its gateways');
  const hashKey = keyHasher(await pepperOf(config));
  const log = openLog(config.logLevel, config.json ? process.stderr : process.stdout).with({ app: 'api' });
  for (const warning of warnings) log.warn({ event: 'setting', detail: warning }, 'check the settings');
  const shutdown = new Shutdown(({ name, outcome }) => log.info({ event: 'closed', name, outcome }, 'closed'));
  try {
    await assertDatabaseReachable(databaseUrl);
    const db = openDatabase(databaseUrl, { poolMax: CONNECTIONS_MAX, applicationName: 'trunkline-api' });
    shutdown.register('database', STOP_MS_MAX, () => db.$disconnect());
    const tenancy = { db, clock: systemClock, randomBytes, hashKey };
    const { host, adminPort } = config;
    const api = await startApi({ db, tenancy, upstream: 'unknown', host, port: adminPort, log, shutdown });
    stopOnSignals(shutdown);
    log.info({ event: 'ready', port: api.port, ms: Math.round(systemClock.monotonicMs()) }, 'serving the admin pages');
    const adminUrl = api.oneTimeLink();
    process.stdout.write(config.json ? `${JSON.stringify({ adminUrl })}\n` : `admin (one-time link): ${adminUrl}\n`);
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}

// Keys are stored under it: one that differs from the gateways' would make keys that nobody can use.
async function pepperOf({ keyPepper, dataDir }: Config): Promise<string> {
  const pepper = keyPepper ?? (await readSecret(join(layoutOf(dataDir).secretsDir, 'pepper')));
  if (pepper !== null) return pepper;
  throw new Error('there is no pepper: set TRUNKLINE_KEY_PEPPER to that of the gateways, or give their --data-dir');
}

function stopOnSignals(shutdown: Shutdown): void {
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      void shutdown.run().then(() => process.exit(0));
    });
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`api cannot start: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
