// What can happen to the Redis that counts the lines, as an operator would meet it. Each is one event some seconds into a
// run; the run goes on long enough to see what follows.
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { startTestRedis } from '../../support/redis.js';
import type { World } from './world.js';

/** All troubles. */
export const TROUBLES = ['stopped', 'flushed', 'stalled', 'restarted-empty', 'failed-over'] as const;
export type Trouble = (typeof TROUBLES)[number];

type Hurt = (world: World, signal: AbortSignal) => Promise<void>;

const HURTS: Readonly<Record<Exclude<Trouble, 'failed-over'>, Hurt>> = {
  stopped: async (world, signal) => {
    await world.redis.kill();
    await pause(60_000, signal);
    await world.redis.restartEmpty();
  },
  flushed: async (world) => {
    const redis = new Redis(world.redis.url);
    await redis.flushall();
    redis.disconnect();
  },
  stalled: async (world, signal) => {
    world.redis.stall();
    await pause(40_000, signal);
    world.redis.resume();
  },
  'restarted-empty': (world) => world.redis.restartEmpty(),
};

/** The trouble, when the world has run for so many milliseconds. */
export function redisTrouble(trouble: Trouble, calmMs: number): Hurt {
  if (trouble === 'failed-over') return (world, signal) => failOver(world, signal, calmMs);
  return async (world, signal) => {
    await pause(calmMs, signal);
    if (!signal.aborted) await HURTS[trouble](world, signal);
  };
}

// A replica follows from the start; the primary dies and the replica takes its address, as behind a service's name.
async function failOver(world: World, signal: AbortSignal, calmMs: number): Promise<void> {
  const replica = await startTestRedis();
  world.stopsWith(replica.stop);
  const redis = new Redis(replica.url);
  await redis.replicaof('127.0.0.1', world.redis.port);
  await pause(calmMs, signal);
  await world.redis.kill();
  await redis.replicaof('NO', 'ONE');
  await redis.config('SET', 'port', String(world.redis.port));
  redis.disconnect();
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
