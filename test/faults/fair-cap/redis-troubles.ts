// What can happen to the Redis that counts the lines, as an operator would meet it. Each is one event some seconds into a
// run; the run goes on long enough to see what follows.
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { World } from './world.js';

/** One trouble. */
export type Trouble = 'stopped' | 'flushed' | 'stalled' | 'restarted-empty';

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
};

function after(hurt: Hurt): Hurt {
  return async (world, signal) => {
    await pause(CALM_MS, signal);
    if (!signal.aborted) await hurt(world, signal);
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
