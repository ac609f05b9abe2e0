// One attempt to have a server on a data folder, whatever the last one left there: a server whose parent was killed is
// stopped, a half-made folder is made again, files of a server that was killed are waited out, a port that somebody
// else has taken meanwhile is replaced unless it was asked for. Keeping the server alive is for the supervisor.
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { prepareCluster, type ClusterOptions } from './cluster.js';
import { findFreePort, isPortTaken } from './free-port.js';
import { ServerStartFailed, startServer, type PostgresServer } from './server.js';
import { stopPostmasterOn } from './stop-postmaster.js';

const PORT_ATTEMPTS_MAX = 5;
// The processes of a killed server hold its memory until they notice; PostgreSQL refuses to start until then.
const LEFT_OVER_MS = 10_000;
const LEFT_OVER_POLL_MS = 200;

/** What is started, and what was found. */
export interface ClusterStart {
  readonly server: PostgresServer;
  readonly initialised: boolean;
  /** Process id of the orphan that was stopped first. */
  readonly orphanPid: number | null;
}

export interface ClusterStartOptions extends ClusterOptions {
  /** 0 picks one: the same as last time when it is still free. */
  readonly port: number;
  /** File that remembers the port. */
  readonly portFile: string;
  readonly settings: Readonly<Record<string, string>>;
}

/**
 * Starts a server on the folder.
 * @throws ClusterRefused, ServerStartFailed.
 */
export async function startCluster(options: ClusterStartOptions): Promise<ClusterStart> {
  const orphanPid = await stopPostmasterOn(options.clusterDir);
  const initialised = await prepareCluster(options);
  const server = options.port === 0 ? await startOnAnyPort(options) : await startPatiently(options, options.port);
  // Only a convenience: a file that another user left there must not stop the start.
  await writeFile(options.portFile, String(server.port)).catch(() => undefined);
  return { server, initialised, orphanPid };
}

async function startOnAnyPort(options: ClusterStartOptions): Promise<PostgresServer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startPatiently(options, await choosePort(options.portFile));
    } catch (error) {
      const again = error instanceof ServerStartFailed && error.reason === 'port_taken' && attempt < PORT_ATTEMPTS_MAX;
      if (!again) throw error;
    }
  }
}

// Keeping the port lets a pasted address, and clients that were connected, work after a restart.
async function choosePort(portFile: string): Promise<number> {
  const last = Number(await readFile(portFile, 'utf8').catch(() => ''));
  const usable = Number.isInteger(last) && last >= 1_024 && last <= 65_535;
  return usable && !(await isPortTaken(last)) ? last : findFreePort();
}

async function startPatiently(options: ClusterStartOptions, port: number): Promise<PostgresServer> {
  const deadline = performance.now() + LEFT_OVER_MS;
  const leftOvers = await hasLeftOvers(options.clusterDir);
  for (;;) {
    try {
      return await startServer({ ...options, port });
    } catch (error) {
      const clears = error instanceof ServerStartFailed && error.reason !== 'port_taken' && leftOvers;
      if (!clears || performance.now() > deadline) throw error;
      await wait(LEFT_OVER_POLL_MS);
    }
  }
}

async function hasLeftOvers(clusterDir: string): Promise<boolean> {
  return stat(join(clusterDir, 'postmaster.pid')).then(
    () => true,
    () => false,
  );
}
