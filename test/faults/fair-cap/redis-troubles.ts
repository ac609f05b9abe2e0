// What can happen to the Redis that counts the lines, as an operator would meet it. Each is one event some seconds into a
// run; the run goes on long enough to see what follows.
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { startTestRedis } from '../../support/redis.js';
import type { World } from './world.js';

/** One trouble. */
export type Trouble = 'stopped' | 'flushed' | 'stalled' | 'restarted-empty' | 'failed-over';

type Hurt = (world: World, signal: AbortSignal) => Promise<void>;

const CALM_MS = 10_000;

/** All troubles by name. */
export const redisTroubles: Readonly<Record<Trouble, Hurt>> = {
  stopped: after(async (world, signal) => {
    await world.redis.kill();
    await pause(60_000, signal);
    await world.redis.restartEmpty();
  }),
  flushed: after(async (world) => {
    const redis = new Redis(world.redis.url);
    await redis.flushall();
    redis.disconnect();
  }),
  stalled: after(async (world, signal) => {
    world.redis.stall();
    await pause(40_000, signal);
    world.redis.resume();
  }),
  'restarted-empty': after((world) => world.redis.restartEmpty()),
  'failed-over': failOver,
};

// A replica follows from the start; the primary dies and the replica takes its address, as behind a service's name.
async function failOver(world: World, signal: AbortSignal): Promise<void> {
  const replica = await startTestRedis();
  world.stopsWith(replica.stop);
  const redis = new Redis(replica.url);
  await redis.replicaof('127.0.0.1', world.redis.port);
  await pause(CALM_MS, signal);
  await world.redis.kill();
  await redis.replicaof('NO', 'ONE');
  await redis.config('SET', 'port', String(world.redis.port));
  redis.disconnect();
}

function after(hurt: Hurt): Hurt {
  return async (world, signal) => {
    await pause(CALM_MS, signal);
    if (!signal.aborted) await hurt(world, signal);
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
