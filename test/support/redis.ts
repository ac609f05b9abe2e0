// A private Redis for one test file: real `redis-server`, a free port of 127.0.0.1, a temporary folder, nothing kept.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

/** A running server. Stop it when the file is done. */
export interface TestRedis {
  readonly url: string;
  readonly port: number;
  /** SIGSTOP: connections stay open, nothing is answered. */
  stall(): void;
  /** SIGCONT. */
  resume(): void;
  /** Ends the server without a chance to save, as a crash does, and starts an empty one on the same port. */
  restartEmpty(): Promise<void>;
  /** Ends the server as a crash does; `restartEmpty` starts another. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 10_000;

/**
 * Starts a server.
 * @param cluster runs it as a cluster of one node that owns every slot: scripts that mix slots fail as they would there.
 * @throws when `redis-server` is not on the PATH, with how to install it.
 */
export async function startTestRedis({ cluster = false }: { cluster?: boolean } = {}): Promise<TestRedis> {
  const [port, folder] = [await freePort(), await mkdtemp(join(tmpdir(), 'trunkline-redis-'))];
  const start = (): Promise<ChildProcess> => startServer(port, folder, cluster);
  let server = await start();
  const kill = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, 'exit');
    server.kill('SIGKILL');
    await exited;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    stall: () => void server.kill('SIGSTOP'),
    resume: () => void server.kill('SIGCONT'),
    kill,
    restartEmpty: async () => {
      await kill();
      server = await start();
    },
    stop: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function startServer(port: number, folder: string, cluster: boolean): Promise<ChildProcess> {
  const options = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'];
  if (cluster) {
    options.push('--cluster-enabled', 'yes', '--cluster-config-file', `nodes-${port}.conf`);
    // Without an address the node announces none until it meets another; its second port must not be port + 10000,
    // which may not exist.
    options.push('--cluster-announce-ip', '127.0.0.1', '--cluster-port', `${await freePort()}`);
  }
  const server = spawn('redis-server', options, { stdio: 'ignore' });
  const failed = once(server, 'error').then(([error]: unknown[]) => Promise.reject(notInstalled(error)));
  await Promise.race([failed, untilReady(port, cluster)]);
  return server;
}

async function untilReady(port: number, cluster: boolean): Promise<void> {
  const redis = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 20, maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  const giveUp = setTimeout(() => redis.disconnect(), READY_WITHIN_MS);
  try {
    await redis.ping();
    if (!cluster) return;
    await redis.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    while (!String(await redis.call('CLUSTER', 'INFO')).includes('cluster_state:ok')) await redis.ping();
  } finally {
    clearTimeout(giveUp);
    redis.disconnect();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

function notInstalled(cause: unknown): Error {
  return new Error(
    'These tests need a real Redis: install it so that `redis-server` is on the PATH (Debian: apt-get install redis-server).',
    { cause },
  );
}
