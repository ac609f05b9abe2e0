// Clients of Redis by where it is: the only place that knows what each kind of installation wants of the driver. Whatever
// the kind, a command that may have run is sent again only where the options say so.
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { ClusterRedis, RedisAddress, SentinelRedis } from '@trunkline/platform/config';

/** A client of either kind. */
export type RedisClient = Redis | Cluster;

// Without the one option whose type the driver's constructors narrow.
type DriverOptions = Omit<RedisOptions, 'replyMapping'>;

/** What differs between the connections of a process. */
export interface ClientOptions {
  readonly connectionName: string;
  /** False: a command is refused at once while there is no connection. */
  readonly enableOfflineQueue: boolean;
  readonly maxRetriesPerRequest: number | null;
  /** Whether a command whose connection broke before its answer is sent again. */
  readonly autoResendUnfulfilledCommands: boolean;
  /** Milliseconds of silence after a command that end the connection. */
  readonly socketTimeout?: number;
  readonly onError: (error: Error) => void;
}

/**
 * A socket from which nothing came for this long after a command is dead. Longer than the store's deadline, so that one
 * slow answer costs one refusal and not the connection.
 */
export const SOCKET_TIMEOUT_MS = 2_000;
const RECONNECT_MAX_MS = 1_000;
// How long a closed client may still hold the process up.
const DISCONNECT_MS = 250;
// A sentinel that does not answer must not keep us from asking the next.
const SENTINEL_ANSWER_MS = 1_000;
// How soon a cluster's new master is known although nobody was told of the move: a refresh is one cheap command.
const SLOTS_REFRESH_MS = 1_000;
const SLOTS_ANSWER_MS = 1_000;
// A command sent to a node that no longer has the slot did not run and is sent on, but not for long: its caller is gone.
const REDIRECTIONS_MAX = 3;

/** Opens a client, which connects and reconnects by itself. Close with `disconnect()`. */
export function openClient(address: RedisAddress, { onError, ...options }: ClientOptions): RedisClient {
  const common: DriverOptions = {
    ...options,
    connectTimeout: SOCKET_TIMEOUT_MS,
    disconnectTimeout: DISCONNECT_MS,
    retryStrategy,
  };
  const client = clientOf(address, common);
  client.on('error', onError);
  return client;
}

function clientOf(address: RedisAddress, options: DriverOptions): RedisClient {
  switch (address.kind) {
    case 'single':
      return new Redis(address.url, options);
    case 'sentinel':
      return new Redis({ ...options, ...sentinelOptions(address) });
    case 'cluster':
      return clusterOf(address, options);
  }
}

function sentinelOptions(address: SentinelRedis): DriverOptions {
  const { nodes, masterName, db, isTls, login, sentinelLogin } = address;
  return {
    sentinels: nodes.map((node) => ({ ...node })),
    name: masterName,
    role: 'master',
    db,
    ...loginOptions(login),
    ...(sentinelLogin.user === null ? {} : { sentinelUsername: sentinelLogin.user }),
    ...(sentinelLogin.password === null ? {} : { sentinelPassword: sentinelLogin.password }),
    ...(isTls ? { tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true } : {}),
    sentinelCommandTimeout: SENTINEL_ANSWER_MS,
    sentinelRetryStrategy: retryStrategy,
    // A master that was put out may still answer for a moment. The command is not sent again.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  };
}

function clusterOf({ nodes, isTls, login }: ClusterRedis, options: DriverOptions): Cluster {
  const { enableOfflineQueue, retryStrategy: _, ...redisOptions } = options;
  const cluster = new Cluster(
    nodes.map((node) => ({ ...node })),
    {
      enableOfflineQueue,
      clusterRetryStrategy: retryStrategy,
      // These two would repeat commands whose connection broke, and hold others until their callers are gone.
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: 0,
      maxRedirections: REDIRECTIONS_MAX,
      slotsRefreshInterval: SLOTS_REFRESH_MS,
      slotsRefreshTimeout: SLOTS_ANSWER_MS,
      redisOptions: { ...redisOptions, ...loginOptions(login), ...(isTls ? { tls: {} } : {}) },
      // The name must stay for the certificate to be that of the node.
      ...(isTls ? { dnsLookup: (name, callback) => callback(null, name) } : {}),
    },
  );
  // One node's trouble is an error like any other; the driver tells of it apart.
  cluster.on('node error', (error: Error) => cluster.emit('error', error));
  return cluster;
}

function loginOptions({ user, password }: SentinelRedis['login']): DriverOptions {
  return { ...(user === null ? {} : { username: user }), ...(password === null ? {} : { password }) };
}

function retryStrategy(times: number): number {
  return Math.min(RECONNECT_MAX_MS, 50 * 2 ** Math.min(times, 5)) * (0.75 + Math.random() / 2);
}
