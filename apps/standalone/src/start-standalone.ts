// The whole product in one process: opens stores, prepares the installation, starts worker, gateway and listeners, top to
// bottom; each step registers its own close, and closes run in the opposite order. Its whole job is this order.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { mailSenderOf } from '@trunkline/alerting/adapters/send';
import { systemClock } from '@trunkline/kernel';
import { endUserHasher } from '@trunkline/moderation';
import type { Database } from '@trunkline/platform/database';
import { openDataFolder } from '@trunkline/platform/data-folder';
import { Jobs, jobStoreOf } from '@trunkline/platform/jobs';
import { serveOps } from '@trunkline/platform/http';
import { GuardedPoster, outboundExceptionsOf } from '@trunkline/platform/outbound';
import type { ProcessBase } from '@trunkline/platform/process';
import { ownPepper, secretFile, secretSeal } from '@trunkline/platform/secrets';
import { priceSource } from '@trunkline/rating/adapters/prisma';
import { DownloadLinks } from '@trunkline/reporting';
import { exportPlaceOf, type ExportPlace } from '@trunkline/reporting/adapters/export';
import { FreshPolicy, keyHasher } from '@trunkline/tenancy';
import { PrismaPolicySource } from '@trunkline/tenancy/adapters/prisma';
import { Metrics } from '@trunkline/telemetry/adapters/prom';
import { givenAccount, settingsAccount, startGateway, type UpstreamAccount } from '../../gateway/src/index.js';
import { signInOf, startApi } from '../../api/src/index.js';
import {
  alertSender,
  poolStatuses,
  startAlerts,
  startWorker,
  watchPools,
  type PoolWatchParts,
} from '../../worker/src/index.js';
import { prepareFirstRun } from './first-run.js';
import { openStore } from './open-store.js';
import { projectFile } from './project-file.js';
import { writeRunFile, type Ready } from './run-file.js';
import { startSimulatorProcess } from './simulator-process.js';

const STOP_MS_MAX = 10_000;

/** A product that takes calls. */
export interface Standalone {
  readonly ready: Ready;
  /** From now on a stop ends sessions at their next turn boundary instead of letting them go on for long. */
  readonly hurry: () => void;
}

/** Starts everything; resolves when the first call can be made. @throws errors whose message says what to do. */
export async function startStandalone(base: ProcessBase): Promise<Standalone> {
  const { config, log, shutdown } = base;
  const folder = await openDataFolder(config.dataDir);
  shutdown.register('data folder', STOP_MS_MAX, () => folder.release());
  const store = await openStore(base, folder);
  const pepper = await ownPepper(config);
  const [hashKey, hashEndUser, seal] = [keyHasher(pepper), endUserHasher(pepper), secretSeal(pepper)];
  const contentSeal = secretSeal(config.contentKey ?? pepper);
  const tenancy = { db: store.db, clock: systemClock, randomBytes, hashKey };
  const first = await prepareFirstRun({
    tenancy,
    secretsDir: folder.secretsDir,
    priceSheetsDir: projectFile('prisma/seed/prices'),
    sessionsMax: config.seedCaps,
  });
  const { account, simulator } = await openUpstream(base);
  const metrics = new Metrics();
  const exports = { ...exportPlaceOf(config), db: store.db, databaseUrl: store.url };
  const poster = openPoster(base);
  const worker = await startOwnWorker(base, { place: exports, seal, metrics, poster });
  const prices = priceSource(store.db);
  // The gateway is up first, so that there are lines to look at; until the API is, its reports are not.
  let apiOrigin: string | null = null;
  const reportsUrl = () => apiOrigin;
  const gateway = await startGateway(base, {
    ...{ db: store.db, folder, metrics, prices, account, reportsUrl },
    ...{ hashKey, hashEndUser, contentSeal, seal },
  });
  await watchOwnPools(base, { db: store.db, lines: gateway.lines, metrics, poster, seal });
  const checks = [...gateway.checks, { name: 'rating', problem: worker.problem }];
  const metricsUrl = await serveOps({ metrics, checks }, config, shutdown);
  const api = await startApi({
    db: store.db,
    tenancy,
    upstream: simulator ? 'simulator' : 'vendor',
    dashboardDir: projectFile('dist/apps/dashboard'),
    gatewayUrl: gateway.httpUrl,
    lines: gateway.lines,
    exports: { place: exports, links: new DownloadLinks(pepper) },
    contentSeal,
    hashEndUser,
    seal,
    ...{ signIn: signInOf(config), publicUrl: config.adminUrl, allowsOnePerson: config.singlePerson === 'allow' },
    operatorToken: await secretFile(join(folder.secretsDir, 'operator-token')),
    ...{ host: config.host, port: config.adminPort, log: log.with({ app: 'api' }), shutdown },
  });
  apiOrigin = api.origin;
  gateway.drainOnStop();
  const { httpUrl, httpsUrl, caFile } = gateway;
  const running = {
    httpUrl,
    httpsUrl,
    caFile,
    metricsUrl,
    adminApiUrl: api.apiUrl,
    upstreamUrl: account.baseUrl,
    simulator,
    tenantId: first.tenantId,
  };
  const removeRunFile = await writeRunFile(folder.path, running, first.apiKeyFile);
  shutdown.register('run file', STOP_MS_MAX, removeRunFile);
  const ready: Ready = { ...running, adminUrl: api.oneTimeLink(), apiKey: first.apiKey };
  return { ready, hurry: gateway.hurry };
}

interface OwnWorkerParts {
  readonly place: ExportPlace;
  readonly seal: ReturnType<typeof secretSeal>;
  readonly metrics: Metrics;
  readonly poster: GuardedPoster;
}

function startOwnWorker({ config, log, shutdown }: ProcessBase, { place, seal, metrics, poster }: OwnWorkerParts) {
  const jobs = new Jobs(jobStoreOf(place.databaseUrl, config.redis), log, shutdown);
  const reconcile = { jobs, settings: { adminKey: config.adminKey, baseUrl: config.usageUrl, open: seal.open } };
  const exports = { jobs, place, keepDays: config.exportKeepDays };
  const notices = { poster, openSecret: seal.open };
  const own = log.with({ app: 'worker' });
  return startWorker({ db: place.db, log: own, shutdown, metrics, reconcile, notices, exports });
}

function openPoster({ config, shutdown }: ProcessBase): GuardedPoster {
  const poster = new GuardedPoster({ exceptions: outboundExceptionsOf(config.webhookAllow) });
  shutdown.register('outbound', STOP_MS_MAX, () => poster.close());
  return poster;
}

interface OwnWatchParts extends Omit<OwnWorkerParts, 'place'>, Pick<PoolWatchParts, 'lines'> {
  readonly db: Database;
}

// What needs the lines, which the gateway counts.
async function watchOwnPools({ config, log: all, shutdown }: ProcessBase, parts: OwnWatchParts): Promise<void> {
  const { db, lines, metrics, poster, seal } = parts;
  const mail = await mailSenderOf(config);
  const send = alertSender({ poster, mail, open: seal.open, nowMs: systemClock.nowMs });
  const policy = new FreshPolicy(new PrismaPolicySource(db, systemClock));
  const log = all.with({ app: 'worker' });
  const pools = { lines, policy, clock: systemClock };
  watchPools({ ...pools, metrics, log });
  startAlerts({ db, log, clock: systemClock, metrics, send, pools: () => poolStatuses(pools) }, shutdown);
}

async function openUpstream({
  config,
  log,
  shutdown,
}: ProcessBase): Promise<{ readonly account: UpstreamAccount; readonly simulator: boolean }> {
  const account = await givenAccount(config);
  if (account !== null) return { account, simulator: false };
  const simulator = await startSimulatorProcess((code) => {
    log.error({ event: 'simulator_exited', code }, 'the simulator ended; restart to get it back');
  });
  shutdown.register('simulator', STOP_MS_MAX, () => simulator.stop());
  return { account: settingsAccount(simulator.baseUrl, simulator.apiKey, null), simulator: true };
}
