// The control plane as a process of its own, beside gateways that share its database. Migrations are for whoever
// installs; until they have run, its pages say that they cannot be read.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { leaseTerms } from '@trunkline/admission';
import { connectLeaseRedis, RedisLeaseStore } from '@trunkline/admission/adapters/redis';
import { systemClock } from '@trunkline/kernel';
import { endUserHasher } from '@trunkline/moderation';
import { assertDatabaseReachable, openDatabase } from '@trunkline/platform/database';
import { runProcess, type ProcessBase, type StartedProcess } from '@trunkline/platform/process';
import { installedPepper, secretSeal } from '@trunkline/platform/secrets';
import { DownloadLinks } from '@trunkline/reporting';
import { exportPlaceOf } from '@trunkline/reporting/adapters/export';
import { keyHasher } from '@trunkline/tenancy';
import { signInOf, startApi, type LineViews } from './src/index.js';

const STOP_MS_MAX = 5_000;
// Each page takes one connection for some milliseconds.
const CONNECTIONS_MAX = 4;

async function start(base: ProcessBase): Promise<StartedProcess> {
  const { config, log, shutdown } = base;
  const { databaseUrl, host, adminPort: port } = config;
  if (databaseUrl === null)
    throw new Error('DATABASE_URL is not set: an API of its own shares the database of its gateways');
  const pepper = await installedPepper(config);
  const hashKey = keyHasher(pepper);
  await assertDatabaseReachable(databaseUrl);
  const db = openDatabase(databaseUrl, { poolMax: CONNECTIONS_MAX, applicationName: 'trunkline-api' });
  shutdown.register('database', STOP_MS_MAX, () => db.$disconnect());
  const api = await startApi({
    db,
    tenancy: { db, clock: systemClock, randomBytes, hashKey },
    upstream: 'unknown',
    dashboardDir: join(import.meta.dirname, '../dashboard'),
    lines: await openLines(base),
    exports: { place: { db, databaseUrl, ...exportPlaceOf(config) }, links: new DownloadLinks(pepper) },
    seal: secretSeal(pepper),
    contentSeal: secretSeal(config.contentKey ?? pepper),
    hashEndUser: endUserHasher(pepper),
    signIn: signInOf(config),
    publicUrl: config.adminUrl,
    allowsOnePerson: config.singlePerson === 'allow',
    // The command line reads Redis itself where there is one; only a standalone's lines are out of its reach.
    operatorToken: null,
    host,
    port,
    log: log.with({ app: 'api' }),
    shutdown,
  });
  log.info({ event: 'ready', port: api.port, ms: Math.round(systemClock.monotonicMs()) }, 'serving the admin pages');
  const adminUrl = api.oneTimeLink();
  return { ready: { json: { adminUrl }, text: `admin (one-time link): ${adminUrl}\n` } };
}

/** The lines as the gateways count them, to look at only. @throws LeaseRedisUnreachable */
async function openLines({ config, log, shutdown }: ProcessBase): Promise<LineViews | null> {
  if (config.redis === null) return null;
  const redis = await connectLeaseRedis({
    address: config.redis,
    onError: (error) => log.debug({ event: 'redis_error', err: error }, 'Redis is not reachable'),
  });
  shutdown.register('redis', STOP_MS_MAX, () => redis.disconnect());
  return new RedisLeaseStore(redis, { terms: leaseTerms() });
}

runProcess({ name: 'api', command: 'api', start });
