// A private Redis for one test file: real `redis-server`, a free port of 127.0.0.1, a temporary folder, nothing kept.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { generate } from 'selfsigned';
import type { RedisAddress } from '@trunkline/platform/config';

/** A running server. Stop it when the file is done. */
export interface TestRedis {
  readonly url: string;
  readonly address: RedisAddress;
  readonly port: number;
  /** Where a node of a cluster hears of the others. */
  readonly busPort: number;
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

/** As which node of a cluster a server runs. */
export interface ClusterNode {
  /** From which slot to which are its own; null: none. */
  readonly slots: readonly [number, number] | null;
  /** How long a node may be silent before it counts as gone. */
  readonly nodeTimeoutMs: number;
}

const WHOLE_CLUSTER: ClusterNode = { slots: [0, 16_383], nodeTimeoutMs: 15_000 };

/** Certificates of servers that speak TLS only. */
export interface TestTls {
  readonly folder: string;
  /** The authority's certificate, for `NODE_EXTRA_CA_CERTS`. */
  readonly caFile: string;
  readonly ca: string;
}

/** Makes a certificate in a folder, which is its own authority. */
export async function makeTestTls(folder: string): Promise<TestTls> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...{ keyType: 'ec', curve: 'P-256', algorithm: 'sha256' },
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, critical: true },
      { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
    ],
  });
  const caFile = join(folder, 'server.crt');
  await writeFile(caFile, cert);
  await writeFile(join(folder, 'server.key'), key);
  return { folder, caFile, ca: cert };
}

/** Where a server listens, in the words of its configuration; over TLS to everybody, its peers too, if asked. */
export function listenLines(port: number, tls: TestTls | null): readonly (readonly [string, string])[] {
  if (tls === null) return [['port', `${port}`]];
  return [
    ['port', '0'],
    ['tls-port', `${port}`],
    ['tls-cert-file', tls.caFile],
    ['tls-key-file', join(tls.folder, 'server.key')],
    ['tls-ca-cert-file', tls.caFile],
    ['tls-auth-clients', 'no'],
    ['tls-replication', 'yes'],
  ];
}

/**
 * Starts a server.
 * @param cluster runs it as a node of a cluster; true: of one node that owns every slot, so that scripts that mix slots
 * fail as they would there.
 * @throws when `redis-server` is not on the PATH, with how to install it.
 */
export async function startTestRedis({
  cluster = false,
  tls = null,
}: { cluster?: boolean | ClusterNode; tls?: TestTls | null } = {}): Promise<TestRedis> {
  const [port, busPort, folder] = [
    await freePort(),
    await freePort(),
    await mkdtemp(join(tmpdir(), 'trunkline-redis-')),
  ];
  const node = cluster === true ? WHOLE_CLUSTER : cluster === false ? null : cluster;
  const start = (): Promise<ChildProcess> => startServer({ port, busPort, folder, node, tls });
  let server = await start();
  const kill = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, 'exit');
    server.kill('SIGKILL');
    await exited;
  };
  const url = `redis${tls === null ? '' : 's'}://127.0.0.1:${port}`;
  return {
    url,
    address: { kind: 'single', url },
    port,
    busPort,
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

interface ServerParts {
  readonly port: number;
  readonly busPort: number;
  readonly folder: string;
  readonly node: ClusterNode | null;
  readonly tls: TestTls | null;
}

async function startServer({ port, busPort, folder, node, tls }: ServerParts): Promise<ChildProcess> {
  const options = listenLines(port, tls).flatMap(([name, value]) => [`--${name}`, value]);
  options.push('--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no');
  // A copy begins at once, and does not wait five seconds for others that may want one.
  options.push('--repl-diskless-sync-delay', '0');
  if (node !== null) {
    options.push('--cluster-enabled', 'yes', '--cluster-config-file', `nodes-${port}.conf`);
    // Without an address the node announces none until it meets another; its second port must not be port + 10000,
    // which may not exist.
    options.push('--cluster-announce-ip', '127.0.0.1', '--cluster-port', `${busPort}`);
    options.push('--cluster-node-timeout', `${node.nodeTimeoutMs}`);
    // Nodes speak to each other over TLS only where they are told so, whatever they speak to others.
    if (tls !== null) options.push('--tls-cluster', 'yes');
  }
  const server = spawn('redis-server', options, { stdio: 'ignore' });
  const failed = once(server, 'error').then(([error]: unknown[]) => Promise.reject(notInstalled(error)));
  await Promise.race([failed, untilReady({ port, node, tls })]);
  return server;
}

async function untilReady({ port, node, tls }: Pick<ServerParts, 'port' | 'node' | 'tls'>): Promise<void> {
  const redis = new Redis({
    port,
    host: '127.0.0.1',
    ...tlsOf(tls),
    retryStrategy: () => 20,
    maxRetriesPerRequest: null,
  });
  redis.on('error', () => undefined);
  const giveUp = setTimeout(() => redis.disconnect(), READY_WITHIN_MS);
  try {
    await redis.ping();
    if (node === null || node.slots === null) return;
    await redis.call('CLUSTER', 'ADDSLOTSRANGE', ...node.slots);
    if (node !== WHOLE_CLUSTER) return;
    while (!String(await redis.call('CLUSTER', 'INFO')).includes('cluster_state:ok')) await redis.ping();
  } finally {
    clearTimeout(giveUp);
    redis.disconnect();
  }
}

/** What a driver needs to trust such a server. */
export function tlsOf(tls: TestTls | null): { readonly tls?: { readonly ca: string } } {
  return tls === null ? {} : { tls: { ca: tls.ca } };
}

/** A port of this machine that nothing listens on. */
export async function freePort(): Promise<number> {
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
