// The whole product in one process: opens stores, prepares the installation, starts worker, gateway and listeners, top to
// bottom; each step registers its own close, and closes run in the opposite order. Its whole job is this order.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@trunkline/kernel';
import { PrismaJournalStore } from '@trunkline/metering/adapters/prisma';
import { relayOverrides } from '@trunkline/platform/config';
import type { Database } from '@trunkline/platform/database';
import { openDataFolder } from '@trunkline/platform/data-folder';
import { closeServer, createOpsServer, listen, type ReadyCheck } from '@trunkline/platform/http';
import { secretFile } from '@trunkline/platform/secrets';
import { RELAY_LIMITS } from '@trunkline/realtime';
import { loadPriceBook, priceBookRevision } from '@trunkline/rating/adapters/prisma';
import { keyHasher, type KeyHasher } from '@trunkline/tenancy';
import { PrismaPolicySource } from '@trunkline/tenancy/adapters/prisma';
import { Metrics } from '@trunkline/telemetry/adapters/prom';
import {
  composeGateway,
  openJournal,
  openPolicy,
  serveGateway,
  type ComposedGateway,
  type DrainTimes,
  type UpstreamAccount,
} from '../../gateway/src/index.js';
import { startApi } from '../../api/src/index.js';
import { startWorker } from '../../worker/src/index.js';
import type { Base } from './base.js';
import { prepareFirstRun } from './first-run.js';
import { openLeases } from './open-leases.js';
import { openStore } from './open-store.js';
import { openTls } from './open-tls.js';
import { projectFile } from './project-file.js';
import { writeRunFile, type Ready } from './run-file.js';
import { startSimulatorProcess } from './simulator-process.js';

const STOP_MS_MAX = 10_000;
// OpenAI's first event comes 0.8 to 2.1 s after the dial (protocol facts 1.5); these are for a bad day.
const DEADLINES = { connectMsMax: 8_000, firstEventMsMax: 8_000, tailMsMax: 10_000, closeMsMax: 2_000 };

/** A product that takes calls. */
export interface Standalone {
  readonly ready: Ready;
  /** From now on a stop ends sessions at their next turn boundary instead of letting them go on for long. */
  readonly hurry: () => void;
}

/** Starts everything; resolves when the first call can be made. @throws errors whose message says what to do. */
export async function startStandalone(base: Base): Promise<Standalone> {
  const { config, log, shutdown } = base;
  const folder = await openDataFolder(config.dataDir);
  shutdown.register('data folder', STOP_MS_MAX, () => folder.release());
  const store = await openStore(base, folder);
  const hashKey = keyHasher(config.keyPepper ?? (await secretFile(join(folder.secretsDir, 'pepper'))));
  const tenancy = { db: store.db, clock: systemClock, randomBytes, hashKey };
  const first = await prepareFirstRun({
    tenancy,
    secretsDir: folder.secretsDir,
    priceSheetsDir: projectFile('prisma/seed/prices'),
    sessionsMax: config.seedCaps,
  });
  const { account, simulator } = await openUpstream(base);
  const metrics = new Metrics();
  metrics.gauge('buildInfo', { node_major: process.versions.node.split('.')[0] ?? '' }).set(1);
  const worker = await startWorker({ db: store.db, log: log.with({ app: 'worker' }), shutdown });
  const drain = { softMs: config.drainSoftMs, maxMs: config.drainMaxMs };
  const gateway = await openGateway(base, {
    db: store.db,
    spoolDir: folder.spoolDir,
    metrics,
    hashKey,
    account,
    drain,
  });
  const tls = await openTls(config, folder);
  const listeners = { host: config.host, httpPort: config.httpPort, httpsPort: config.httpsPort, tls };
  const { httpPort, httpsPort } = await serveGateway(gateway.parts, listeners, shutdown);
  const metricsPort = await serveOps(base, metrics, [
    { name: 'gateway', problem: () => (gateway.draining() ? 'draining' : null) },
    { name: 'rating', problem: worker.problem },
    { name: 'journal', problem: () => journalProblem(gateway) },
  ]);
  const api = await startApi({
    db: store.db,
    tenancy,
    upstream: simulator ? 'simulator' : 'vendor',
    host: config.host,
    port: config.adminPort,
    log: log.with({ app: 'api' }),
    shutdown,
  });
  shutdown.register('drain', config.drainMaxMs + DEADLINES.tailMsMax + STOP_MS_MAX, () => gateway.drain());
  const place = urlHost(config.host);
  const running = {
    httpUrl: `http://${place}:${httpPort}`,
    httpsUrl: `https://${place}:${httpsPort}`,
    caFile: tls.caFile,
    metricsUrl: `http://${place}:${metricsPort}/metrics`,
    upstreamUrl: account.baseUrl,
    simulator,
    tenantId: first.tenantId,
  };
  const removeRunFile = await writeRunFile(folder.path, running, first.apiKeyFile);
  shutdown.register('run file', STOP_MS_MAX, removeRunFile);
  const ready: Ready = { ...running, adminUrl: api.oneTimeLink(), apiKey: first.apiKey };
  return { ready, hurry: () => Object.assign(drain, { softMs: 0 }) };
}

/** What the gateway part needs beside the base. */
interface GatewayNeeds {
  readonly db: Database;
  readonly spoolDir: string;
  readonly metrics: Metrics;
  readonly hashKey: KeyHasher;
  readonly account: UpstreamAccount;
  readonly drain: DrainTimes;
}

async function openGateway(base: Base, parts: GatewayNeeds): Promise<ComposedGateway> {
  const { config, log, shutdown } = base;
  const { metrics } = parts;
  const policy = await openPolicy({
    policy: new PrismaPolicySource(parts.db, systemClock),
    prices: { load: () => loadPriceBook(parts.db), revision: () => priceBookRevision(parts.db) },
    log,
    metrics,
    shutdown,
  });
  const journal = await openJournal({
    folder: parts.spoolDir,
    bytesMax: config.spoolBytesMax,
    store: new PrismaJournalStore(parts.db),
    log,
    metrics,
    shutdown,
  });
  return composeGateway({
    log: log.with({ app: 'gateway' }),
    metrics,
    policy: policy.holder,
    prices: policy.prices,
    hashKey: parts.hashKey,
    ...(await openLeases(base, parts.db)),
    journal,
    account: () => parts.account,
    relayLimits: { ...RELAY_LIMITS, ...relayOverrides(config) },
    deadlines: DEADLINES,
    drain: parts.drain,
    shutdown,
  });
}

async function openUpstream({
  config,
  log,
  shutdown,
}: Base): Promise<{ readonly account: UpstreamAccount; readonly simulator: boolean }> {
  const { upstreamUrl, upstreamKey, upstreamCaFile } = config;
  if (upstreamUrl !== null && upstreamKey !== null) {
    const ca = upstreamCaFile === null ? null : await readFile(upstreamCaFile, 'utf8');
    return { account: { baseUrl: upstreamUrl, apiKey: upstreamKey, ca }, simulator: false };
  }
  const simulator = await startSimulatorProcess((code) => {
    log.error({ event: 'simulator_exited', code }, 'the simulator ended; restart to get it back');
  });
  shutdown.register('simulator', STOP_MS_MAX, () => simulator.stop());
  return { account: { baseUrl: simulator.baseUrl, apiKey: simulator.apiKey, ca: null }, simulator: true };
}

async function serveOps({ config, shutdown }: Base, metrics: Metrics, checks: readonly ReadyCheck[]): Promise<number> {
  const server = createOpsServer({ metrics, checks });
  const port = await listen(server, { host: config.host, port: config.metricsPort, flag: '--metrics-port' });
  shutdown.register('metrics', STOP_MS_MAX, () => closeServer(server));
  return port;
}

function journalProblem({ parts }: ComposedGateway): string | null {
  const pressure = parts.journal.pressure();
  return pressure === 'ok' || pressure === 'warn' ? null : `${pressure}: free disk space or bring the database back`;
}

// What other programs on this machine can dial: a wildcard address is not one.
function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
