// Several Redis processes that belong together, for one test file: a master with a replica and three sentinels, or a
// cluster of three masters and a replica of the one that a store lives on.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { RedisAddress } from '@trunkline/platform/config';
import { eventually } from './poll.js';
import { freePort, listenLines, startTestRedis, tlsOf, type TestRedis, type TestTls } from './redis.js';

/** A set in which one server does the work and another can take over. */
export interface TestRedisSet {
  readonly address: RedisAddress;
  /** Does the work until it is killed. */
  readonly master: TestRedis;
  /** Takes over then. */
  readonly replica: TestRedis;
  /** Every server that holds data. */
  readonly servers: readonly TestRedis[];
  stop(): Promise<void>;
}

const SENTINELS = 3;
const QUORUM = 2;
// How long a master may be silent before it counts as gone: short, for a test.
const DOWN_AFTER_MS = 500;
const MASTER_NAME = 'lines';

/** Sentinels of a test. */
export interface SentinelOptions {
  /** That the sentinels want. */
  readonly password: string;
  /** Over TLS only, all of them. */
  readonly tls?: TestTls;
}

/** Starts a master, its replica and three sentinels that know both. */
export async function startSentinelSet({ password, tls }: SentinelOptions): Promise<TestRedisSet> {
  const secure = { tls: tls ?? null };
  const servers = await Promise.all([startTestRedis(secure), startTestRedis(secure)]);
  const [master, replica] = servers;
  await follow(replica, master, secure.tls);
  const start = () => startSentinel({ masterPort: master.port, password, ...secure });
  const sentinels = await Promise.all(Array.from({ length: SENTINELS }, start));
  const nodes = sentinels.map(({ port }) => ({ host: '127.0.0.1', port }));
  await Promise.all(nodes.map(({ port }) => untilSentinelKnows({ port, password, ...secure })));
  const nobody = { user: null, password: null };
  return {
    address: {
      ...{ kind: 'sentinel', nodes, masterName: MASTER_NAME, db: 0, isTls: tls !== undefined, login: nobody },
      sentinelLogin: { user: null, password },
    },
    ...{ master, replica, servers },
    stop: async () => void (await Promise.all([...sentinels, ...servers].map((each) => each.stop()))),
  };
}

interface SentinelParts {
  readonly masterPort: number;
  readonly password: string;
  readonly tls: TestTls | null;
}

async function startSentinel({ masterPort, password, tls }: SentinelParts) {
  const [port, folder] = [await freePort(), await mkdtemp(join(tmpdir(), 'trunkline-sentinel-'))];
  const file = join(folder, 'sentinel.conf');
  const lines = [
    ...listenLines(port, tls).map((pair) => pair.join(' ')),
    'bind 127.0.0.1',
    `dir ${folder}`,
    `requirepass ${password}`,
    `sentinel sentinel-pass ${password}`,
    `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${masterPort} ${QUORUM}`,
    `sentinel down-after-milliseconds ${MASTER_NAME} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${MASTER_NAME} 3000`,
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  const sentinel = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' });
  return {
    port,
    stop: async () => {
      if (sentinel.exitCode === null) {
        sentinel.kill('SIGKILL');
        await once(sentinel, 'exit');
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

// A sentinel that has not met the others cannot vote, and one that has not met the replica promotes nobody.
async function untilSentinelKnows(at: At): Promise<void> {
  await withClient(at, (redis) =>
    eventually('the sentinel knows the others', async () => {
      const told = await redis.call('SENTINEL', 'MASTER', MASTER_NAME);
      const fields = Array.isArray(told) ? told.map(String) : [];
      const count = (name: string): number => Number(fields[fields.indexOf(name) + 1]);
      return count('num-other-sentinels') === SENTINELS - 1 && count('num-slaves') === 1 ? true : null;
    }),
  );
}

/**
 * Starts three masters that share the slots, and a replica.
 * @param key whose slot's master is `master`, and has the replica.
 * @param tls all of them, to each other too, over TLS only.
 */
export async function startClusterSet(key: string, tls: TestTls | null = null): Promise<TestRedisSet> {
  const servers = await Promise.all(
    [...SLOT_RANGES, null].map((slots) => startTestRedis({ cluster: { slots, nodeTimeoutMs: NODE_TIMEOUT_MS }, tls })),
  );
  const [first, ...others] = servers;
  const replica = servers.at(-1);
  if (!first || !replica) throw new Error('no server');
  const slot = await withClient({ port: first.port, tls }, async (redis) => {
    for (const { port, busPort } of others) await redis.call('CLUSTER', 'MEET', '127.0.0.1', port, busPort);
    return redis.cluster('KEYSLOT', key);
  });
  const master = servers[SLOT_RANGES.findIndex(([from, to]) => slot >= from && slot <= to)] ?? first;
  const masterId = await withClient({ port: master.port, tls }, async (redis) =>
    String(await redis.call('CLUSTER', 'MYID')),
  );
  await withClient({ port: replica.port, tls }, async (redis) => {
    await eventually('the replica has met its master', () =>
      redis.call('CLUSTER', 'REPLICATE', masterId).catch(() => null),
    );
    await eventually('the replica has its copy', async () =>
      (await redis.info('replication')).includes('master_link_status:up') ? true : null,
    );
  });
  await Promise.all(servers.map((server) => withClient({ port: server.port, tls }, untilClusterIsWhole)));
  const nodes = servers.map(({ port }) => ({ host: '127.0.0.1', port }));
  return {
    address: { kind: 'cluster', nodes, isTls: tls !== null, login: { user: null, password: null } },
    ...{ master, replica, servers },
    stop: async () => void (await Promise.all(servers.map((server) => server.stop()))),
  };
}

const SLOT_RANGES = [
  [0, 5_460],
  [5_461, 10_922],
  [10_923, 16_383],
] as const;
const NODE_TIMEOUT_MS = 1_000;

async function untilClusterIsWhole(redis: Redis): Promise<void> {
  await eventually('the cluster is whole', async () => {
    const isOk = String(await redis.call('CLUSTER', 'INFO')).includes('cluster_state:ok');
    const nodes = String(await redis.call('CLUSTER', 'NODES'));
    return isOk && nodes.split('\n').filter((line) => line.includes('slave')).length === 1 ? true : null;
  });
}

/** Makes one server a copy of the other, and waits until it is. */
export async function follow(replica: TestRedis, master: TestRedis, tls: TestTls | null = null): Promise<void> {
  await withClient({ port: replica.port, tls }, async (redis) => {
    await redis.replicaof('127.0.0.1', master.port);
    await eventually('the replica has its copy', async () =>
      (await redis.info('replication')).includes('master_link_status:up') ? true : null,
    );
  });
}

/** Ends the copying: what the master has written so far is here, what it writes from now on is not. */
export async function separate(replica: TestRedis, master: TestRedis): Promise<void> {
  const written = await withClient(master, (redis) => offsetOf(redis, 'master_repl_offset'));
  await withClient(replica, async (redis) => {
    await eventually('the copy has what was written', async () =>
      (await offsetOf(redis, 'slave_repl_offset')) >= written ? true : null,
    );
    await redis.replicaof('NO', 'ONE');
  });
}

async function offsetOf(redis: Redis, name: 'master_repl_offset' | 'slave_repl_offset'): Promise<number> {
  return Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(await redis.info('replication'))?.[1] ?? -1);
}

interface At {
  readonly port: number;
  readonly password?: string;
  readonly tls?: TestTls | null;
}

async function withClient<T>({ port, password, tls = null }: At, work: (redis: Redis) => Promise<T>): Promise<T> {
  const login = password === undefined ? {} : { password };
  const redis = new Redis({
    host: '127.0.0.1',
    port,
    ...login,
    ...tlsOf(tls),
    retryStrategy: () => 50,
    maxRetriesPerRequest: null,
  });
  redis.on('error', () => undefined);
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}
