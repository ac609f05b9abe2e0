// The connection that leases want, to one server, to the master that sentinels name, or to a cluster: it refuses at once
// instead of queueing while Redis is away, never repeats a command by itself (an acquisition must not run twice), gives up
// a socket that went silent, and reconnects for ever.
import type { RedisAddress } from '@trunkline/platform/config';
import { openClient, SOCKET_TIMEOUT_MS, type RedisClient } from './client.js';

/** How to reach Redis. */
export interface LeaseRedisOptions {
  readonly address: RedisAddress;
  /** Milliseconds to wait for the first connection. Default 5,000. */
  readonly readyWithinMs?: number;
  /** Told of every connection error after that; reconnecting goes on. For the log. */
  readonly onError: (error: Error) => void;
}

/** Redis did not answer at start. The message names host and port, never the password. */
export class LeaseRedisUnreachable extends Error {
  override readonly name = 'LeaseRedisUnreachable';
}

/**
 * Connects, and waits until Redis is ready. Close with `disconnect()`.
 * @throws LeaseRedisUnreachable when it is not ready in time; nothing is left open then.
 */
export async function connectLeaseRedis({
  address,
  readyWithinMs = 5_000,
  onError,
}: LeaseRedisOptions): Promise<RedisClient> {
  const last: { error: Error | null } = { error: null };
  const redis = openClient(address, {
    connectionName: 'trunkline-leases',
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    socketTimeout: SOCKET_TIMEOUT_MS,
    onError: (error) => {
      last.error = error;
      onError(error);
    },
  });
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(unreachable(address, last.error)), readyWithinMs);
  });
  try {
    await Promise.race([new Promise<void>((resolve) => void redis.once('ready', () => resolve())), tooLate]);
    return redis;
  } catch (error) {
    redis.disconnect();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * A second connection for hearing of grants: a subscriber may send nothing else, and hears nothing for hours. It subscribes
 * again by itself after each reconnect; what was said meanwhile is lost. A cluster passes what is said on one node on to
 * all, so any of them will do. Close with `disconnect()`.
 */
export function connectGrants({ address, onError }: Pick<LeaseRedisOptions, 'address' | 'onError'>): RedisClient {
  return openClient(address, {
    connectionName: 'trunkline-grants',
    enableOfflineQueue: true,
    maxRetriesPerRequest: null,
    autoResendUnfulfilledCommands: true,
    onError,
  });
}

function unreachable(address: RedisAddress, cause: Error | null): LeaseRedisUnreachable {
  return new LeaseRedisUnreachable(
    `Redis at ${placeOf(address)} did not answer in time. Start it, or correct REDIS_URL; without REDIS_URL leases are kept in this process.`,
    { cause },
  );
}

function placeOf(address: RedisAddress): string {
  if (address.kind === 'single')
    return URL.canParse(address.url) ? new URL(address.url).host : 'the configured address';
  const hosts = address.nodes.map(({ host, port }) => `${host}:${port}`).join(', ');
  return address.kind === 'cluster' ? `the cluster of ${hosts}` : `"${address.masterName}" of the sentinels ${hosts}`;
}
