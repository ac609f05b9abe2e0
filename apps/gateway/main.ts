// The gateway as a process of its own, one of several that share a database and a Redis with a worker and an API beside
// them. Migrations and the first tenant are for whoever installs.
import { systemClock } from '@trunkline/kernel';
import { endUserHasher } from '@trunkline/moderation';
import { openDataFolder } from '@trunkline/platform/data-folder';
import { assertDatabaseReachable, openDatabase } from '@trunkline/platform/database';
import { serveOps } from '@trunkline/platform/http';
import { runProcess, type ProcessBase, type StartedProcess } from '@trunkline/platform/process';
import { installedPepper, secretSeal } from '@trunkline/platform/secrets';
import { priceSource } from '@trunkline/rating/adapters/prisma';
import { keyHasher } from '@trunkline/tenancy';
import { Metrics } from '@trunkline/telemetry/adapters/prom';
import { givenAccount, startGateway } from './src/index.js';

const STOP_MS_MAX = 5_000;

async function start(base: ProcessBase): Promise<StartedProcess> {
  const { config, log, shutdown } = base;
  const { databaseUrl } = config;
  if (databaseUrl === null)
    throw new Error('DATABASE_URL is not set: a gateway of its own shares the database of the others');
  if (config.redis === null)
    throw new Error('REDIS_URL is not set: gateways of their own count the lines they share in Redis');
  const account = await givenAccount(config);
  if (account === null) throw new Error('OPENAI_API_KEY is not set: a gateway of its own needs an upstream');
  const pepper = await installedPepper(config);
  const [hashKey, hashEndUser] = [keyHasher(pepper), endUserHasher(pepper)];
  const folder = await openDataFolder(config.dataDir);
  shutdown.register('data folder', STOP_MS_MAX, () => folder.release());
  await assertDatabaseReachable(databaseUrl);
  const db = openDatabase(databaseUrl, { applicationName: 'trunkline-gateway' });
  shutdown.register('database', STOP_MS_MAX, () => db.$disconnect());
  const metrics = new Metrics();
  const prices = priceSource(db);
  const seal = secretSeal(pepper);
  const reportsUrl = () => config.apiUrl;
  const secrets = { hashKey, hashEndUser, seal, contentSeal: secretSeal(config.contentKey ?? pepper) };
  const gateway = await startGateway(base, { db, folder, metrics, prices, account, reportsUrl, ...secrets });
  const metricsUrl = await serveOps({ metrics, checks: gateway.checks }, config, shutdown);
  gateway.drainOnStop();
  const { httpUrl, httpsUrl, caFile } = gateway;
  log.info({ event: 'ready', ms: Math.round(systemClock.monotonicMs()) }, 'taking calls');
  return {
    ready: {
      json: { httpUrl, httpsUrl, caFile, metricsUrl, upstreamUrl: account.baseUrl },
      text: `gateway: ${httpsUrl}/v1 and ${httpUrl}/v1\n`,
    },
    hurry: gateway.hurry,
  };
}

runProcess({ name: 'gateway', command: 'gateway', start });
