// The control plane as a process of its own, beside gateways that share its database. Migrations are for whoever
// installs; until they have run, its pages say that they cannot be read.
import { randomBytes } from 'node:crypto';
import { systemClock } from '@trunkline/kernel';
import { assertDatabaseReachable, openDatabase } from '@trunkline/platform/database';
import { runProcess, type ProcessBase, type StartedProcess } from '@trunkline/platform/process';
import { installedPepper } from '@trunkline/platform/secrets';
import { keyHasher } from '@trunkline/tenancy';
import { startApi } from './src/index.js';

const STOP_MS_MAX = 5_000;
// Each page takes one connection for some milliseconds.
const CONNECTIONS_MAX = 4;

async function start({ config, log, shutdown }: ProcessBase): Promise<StartedProcess> {
  const { databaseUrl, host, adminPort: port } = config;
  if (databaseUrl === null)
    throw new Error('DATABASE_URL is not set: an API of its own shares the database of its gateways');
  const hashKey = keyHasher(await installedPepper(config));
  await assertDatabaseReachable(databaseUrl);
  const db = openDatabase(databaseUrl, { poolMax: CONNECTIONS_MAX, applicationName: 'trunkline-api' });
  shutdown.register('database', STOP_MS_MAX, () => db.$disconnect());
  const tenancy = { db, clock: systemClock, randomBytes, hashKey };
  const api = await startApi({ db, tenancy, upstream: 'unknown', host, port, log: log.with({ app: 'api' }), shutdown });
  log.info({ event: 'ready', port: api.port, ms: Math.round(systemClock.monotonicMs()) }, 'serving the admin pages');
  const adminUrl = api.oneTimeLink();
  return { ready: { json: { adminUrl }, text: `admin (one-time link): ${adminUrl}\n` } };
}

runProcess({ name: 'api', command: 'api', start });
