// The connection that leases want: it refuses at once instead of queueing while Redis is away, never repeats a command
// by itself (an acquisition must not run twice), gives up a socket that went silent, and reconnects for ever.
import { Redis } from 'ioredis';

/** How to reach Redis. */
export interface LeaseRedisOptions {
  /** `redis://` or `rediss://` address, with password and database number if any. */
  readonly url: string;
  /** Milliseconds to wait for the first connection. Default 5,000. */
  readonly readyWithinMs?: number;
  /** Told of every connection error after that; reconnecting goes on. For the log. */
  readonly onError: (error: Error) => void;
}

/** Redis did not answer at start. The message names host and port, never the password. */
export class LeaseRedisUnreachable extends Error {
  override readonly name = 'LeaseRedisUnreachable';
}

// A socket from which nothing came for this long after a command is dead. Longer than the store's deadline, so that one
// slow answer costs one refusal and not the connection.
const SOCKET_TIMEOUT_MS = 2_000;
const RECONNECT_MAX_MS = 1_000;

/**
 * Connects, and waits until Redis is ready. Close with `disconnect()`.
 * @throws LeaseRedisUnreachable when it is not ready in time; nothing is left open then.
 */
export async function connectLeaseRedis({ url, readyWithinMs = 5_000, onError }: LeaseRedisOptions): Promise<Redis> {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: SOCKET_TIMEOUT_MS,
    // How long a closed client may still hold the process up.
    disconnectTimeout: 250,
    socketTimeout: SOCKET_TIMEOUT_MS,
    retryStrategy,
    connectionName: 'trunkline-leases',
  });
  const last: { error: Error | null } = { error: null };
  redis.on('error', (error: Error) => {
    last.error = error;
    onError(error);
  });
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(unreachable(url, last.error)), readyWithinMs);
  });
  try {
    await Promise.race([new Promise<void>((resolve) => redis.once('ready', () => resolve())), tooLate]);
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
 * again by itself after each reconnect; what was said meanwhile is lost. Close with `disconnect()`.
 */
export function connectGrants({ url, onError }: Pick<LeaseRedisOptions, 'url' | 'onError'>): Redis {
  const redis = new Redis(url, {
    connectTimeout: SOCKET_TIMEOUT_MS,
    disconnectTimeout: 250,
    maxRetriesPerRequest: null,
    retryStrategy,
    connectionName: 'trunkline-grants',
  });
  redis.on('error', onError);
  return redis;
}

function retryStrategy(times: number): number {
  return Math.min(RECONNECT_MAX_MS, 50 * 2 ** Math.min(times, 5)) * (0.75 + Math.random() / 2);
}

function unreachable(url: string, cause: Error | null): LeaseRedisUnreachable {
  const at = URL.canParse(url) ? new URL(url).host : 'the configured address';
  return new LeaseRedisUnreachable(
    `Redis at ${at} did not answer in time. Start it, or correct REDIS_URL; without REDIS_URL leases are kept in this process.`,
    { cause },
  );
}
