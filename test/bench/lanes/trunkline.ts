// The product itself, as a user starts it: authentication, leases, metering, spool and ledger on. Guarantees that only
// the gateway process is on the proxy core; its embedded PostgreSQL is moved to the load core and reported apart.
import { mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { CORE, repin, spawnPinned, stopProcess } from '../process/pinned.js';
import { descendants } from '../process/proc-stat.js';
import { GC_ON_SIGNAL, type Lane, type LaneContext, REALTIME_PATH, type RunningLane } from './lane.js';

const READY_DEADLINE_MS = 90_000;
/** Far above any number of sessions here: the caps are checked for each, and none is refused. */
const CAPS = '100000';

/** The line that the product prints when it is ready. */
const Ready = z.object({
  httpUrl: z.string(),
  httpsUrl: z.string(),
  caFile: z.string(),
  metricsUrl: z.string(),
  apiKey: z.string(),
});
type Ready = z.infer<typeof Ready>;

/** Trunkline, plain sockets on both sides. */
export const trunkline: Lane = lane('trunkline', 'the product, everything on', false);
/** Trunkline, TLS on both sides. */
export const trunklineTls: Lane = lane('trunkline-tls', 'the product, TLS on both sides', true);

function lane(name: string, about: string, tls: boolean): Lane {
  return {
    name,
    about,
    start: async (context) => {
      const folder = join(context.workDir, `${name}-${Date.now()}`);
      mkdirSync(folder, { recursive: true });
      const child = spawnProduct(context, folder, tls);
      try {
        return await running(child, await readyLine(child, folder), tls);
      } catch (error) {
        await stopProcess(child);
        throw error;
      }
    },
  };
}

function spawnProduct(
  { upstream, certificate, productMain, core }: LaneContext,
  folder: string,
  tls: boolean,
): ChildProcess {
  const upstreamUrl = tls ? `https://localhost:${upstream.tls}/v1` : `http://127.0.0.1:${upstream.plain}/v1`;
  const anyPort = ['--http-port', '0', '--https-port', '0', '--admin-port', '0', '--metrics-port', '0'];
  const upstreamArgs = ['--upstream-url', upstreamUrl, '--upstream-key', 'sk-bench', '--seed-caps', CAPS];
  return spawnPinned({
    core: core ?? CORE.proxy,
    command: process.execPath,
    args: [...GC_ON_SIGNAL, productMain, '--json', '--data-dir', join(folder, 'data'), ...anyPort, ...upstreamArgs],
    env: { NODE_EXTRA_CA_CERTS: certificate.certPath },
    stdio: ['ignore', 'pipe', openSync(join(folder, 'stderr.log'), 'a')],
  });
}

/** Waits for the ready line and keeps the rest of the output, so that a full pipe never stops the product. */
function readyLine(child: ChildProcess, folder: string): Promise<Ready> {
  return new Promise((resolve, reject) => {
    const logPath = join(folder, 'stdout.log');
    const log = openSync(logPath, 'a');
    const fail = (why: string): void => {
      clearTimeout(deadline);
      reject(new Error(`trunkline ${why}. It said: ${tail(join(folder, 'stderr.log'))}${tail(logPath)}`));
    };
    const deadline = setTimeout(() => fail(`was not ready after ${READY_DEADLINE_MS} ms`), READY_DEADLINE_MS);
    child.once('error', reject);
    child.once('exit', (code) => fail(`exited with ${code} before it was ready`));
    if (!child.stdout) return;
    createInterface({ input: child.stdout }).on('line', (line) => {
      writeSync(log, `${line}\n`);
      const ready = line.includes('"httpUrl"') ? Ready.safeParse(JSON.parse(line)) : null;
      if (!ready?.success) return;
      clearTimeout(deadline);
      resolve(ready.data);
    });
  });
}

/** The end of a log, enough to hold the sentence that says what to do. */
function tail(path: string): string {
  return readFileSync(path, 'utf8').slice(-600);
}

async function running(child: ChildProcess, ready: Ready, tls: boolean): Promise<RunningLane> {
  const pid = child.pid ?? 0;
  const asidePids = descendants(pid);
  for (const aside of asidePids) await repin(aside, CORE.load);
  const url = new URL(tls ? ready.httpsUrl : ready.httpUrl);
  return {
    target: {
      host: '127.0.0.1',
      port: Number(url.port),
      path: REALTIME_PATH,
      headers: { Authorization: `Bearer ${ready.apiKey}` },
      ...(tls ? { ca: readFileSync(ready.caFile, 'utf8') } : {}),
    },
    proxyPids: [pid],
    asidePids,
    metricsUrl: ready.metricsUrl,
    collectGarbage: () => child.kill('SIGUSR2'),
    stop: () => stopProcess(child),
  };
}
