// The product: authentication, leases, metering, spool and ledger on. In two shapes: `trunkline` is one gateway of a
// company's installation, a process of its own with Redis, PostgreSQL, worker and API beside it; `standalone` is what
// `npm start` runs, all of it in one process. Guarantees that only the process that relays is on the proxy core; what
// stands beside it is on the load core and reported apart.
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { layoutOf } from '@trunkline/platform/data-folder';
import { findEmbeddedPostgres } from '@trunkline/platform/embedded-postgres';
import { z } from 'zod';
import type { Target } from '../client/dial.js';
import { CORE, repin, stopProcess } from '../process/pinned.js';
import { descendants } from '../process/proc-stat.js';
import { startRedis } from './redis.js';
import { type Lane, type LaneContext, REALTIME_PATH, type RunningLane } from './lane.js';
import { ANY_PORT, startProgram } from './product.js';

/** Far above any number of sessions here: the caps are checked for each, and none is refused. */
const CAPS = '100000';
const PEPPER = 'a-pepper-that-only-the-benchmark-uses';

/** As the README tells to start a gateway that has one core to itself. */
const ON_ONE_CORE = ['--single-threaded-gc', '--max-semi-space-size=8'];

const GatewayReady = z.object({
  httpUrl: z.string(),
  httpsUrl: z.string(),
  caFile: z.string(),
  metricsUrl: z.string(),
});
type GatewayReady = z.infer<typeof GatewayReady>;
const StandaloneReady = GatewayReady.extend({ apiKey: z.string() });

/** A gateway of its own, plain sockets on both sides. */
export const trunkline = lane('trunkline', 'a gateway of its own, everything on', startInstallation, false);
/** A gateway of its own, TLS on both sides. */
export const trunklineTls = lane('trunkline-tls', 'the same, TLS on both sides', startInstallation, true);
/** The whole product in one process. */
export const standalone = lane('standalone', 'npm start: worker and API in the same process', startStandalone, false);

type Start = (context: LaneContext, folder: string, tls: boolean) => Promise<RunningLane>;

function lane(name: string, about: string, start: Start, tls: boolean): Lane {
  return {
    name,
    about,
    start: (context) => {
      const folder = join(context.workDir, `${name}-${Date.now()}`);
      mkdirSync(folder, { recursive: true });
      return start(context, folder, tls);
    },
  };
}

async function startStandalone(context: LaneContext, folder: string, tls: boolean): Promise<RunningLane> {
  const { child, ready } = await spawnStandalone({ context, folder, core: context.core ?? CORE.proxy, tls });
  const asidePids = descendants(child.pid ?? 0);
  for (const aside of asidePids) await repin(aside, CORE.load);
  return running({ child, ready, target: target(ready, ready.apiKey, tls), asidePids, stop: () => stopProcess(child) });
}

/** The standalone product is the rest of the installation here: it owns the database, rates, and made tenant and key. */
async function startInstallation(context: LaneContext, folder: string, tls: boolean): Promise<RunningLane> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const stopOne of stops.reverse()) await stopOne();
  };
  try {
    const redis = await startRedis(folder);
    stops.push(() => stopProcess(redis.child));
    const rest = await spawnStandalone({ context, folder, core: CORE.load, tls, redisUrl: redis.url });
    stops.push(() => stopProcess(rest.child));
    const { child, ready } = await startProgram({
      name: 'gateway',
      main: join(context.productDir, 'apps/gateway/main.js'),
      core: context.core ?? CORE.proxy,
      nodeArgs: ON_ONE_CORE,
      args: ['--data-dir', join(folder, 'gateway'), ...ANY_PORT, ...upstreamArgs(context, tls)],
      env: { ...shared(context, redis.url), DATABASE_URL: await databaseUrl(join(folder, 'data')) },
      folder,
      ready: GatewayReady,
    });
    stops.push(() => stopProcess(child));
    const restPid = rest.child.pid ?? 0;
    const asidePids = [redis.child.pid ?? 0, restPid, ...descendants(restPid)];
    return running({ child, ready, target: target(ready, rest.ready.apiKey, tls), asidePids, stop });
  } catch (error) {
    await stop();
    throw error;
  }
}

interface StandaloneLane {
  context: LaneContext;
  folder: string;
  core: number;
  tls: boolean;
  redisUrl?: string;
}

function spawnStandalone({ context, folder, core, tls, redisUrl }: StandaloneLane) {
  return startProgram({
    name: 'standalone',
    main: join(context.productDir, 'apps/standalone/main.js'),
    core,
    args: ['--data-dir', join(folder, 'data'), '--seed-caps', CAPS, ...ANY_PORT, ...upstreamArgs(context, tls)],
    env: shared(context, redisUrl),
    folder,
    ready: StandaloneReady,
  });
}

function upstreamArgs({ upstream }: LaneContext, tls: boolean): string[] {
  const url = tls ? `https://localhost:${upstream.tls}/v1` : `http://127.0.0.1:${upstream.plain}/v1`;
  return ['--upstream-url', url, '--upstream-key', 'sk-bench'];
}

function shared({ certificate }: LaneContext, redisUrl?: string): NodeJS.ProcessEnv {
  return {
    NODE_EXTRA_CA_CERTS: certificate.certPath,
    TRUNKLINE_KEY_PEPPER: PEPPER,
    ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
  };
}

/** The address of the database that the product in this data folder started. */
async function databaseUrl(dataDir: string): Promise<string> {
  const { postgresDir, secretsDir } = layoutOf(dataDir);
  const password = readFileSync(join(secretsDir, 'postgres-password'), 'utf8').trim();
  const url = await findEmbeddedPostgres(postgresDir, password);
  if (url === null) throw new Error(`there is no running database in ${dataDir}`);
  return url;
}

function target(ready: GatewayReady, apiKey: string, tls: boolean): Target {
  return {
    host: '127.0.0.1',
    port: Number(new URL(tls ? ready.httpsUrl : ready.httpUrl).port),
    path: REALTIME_PATH,
    headers: { Authorization: `Bearer ${apiKey}` },
    ...(tls ? { ca: readFileSync(ready.caFile, 'utf8') } : {}),
  };
}

function running(parts: {
  child: ChildProcess;
  ready: GatewayReady;
  target: Target;
  asidePids: readonly number[];
  stop: () => Promise<void>;
}): RunningLane {
  const { child, ready, target, asidePids, stop } = parts;
  return {
    target,
    proxyPids: [child.pid ?? 0],
    asidePids,
    metricsUrl: ready.metricsUrl,
    collectGarbage: () => child.kill('SIGUSR2'),
    stop,
  };
}
