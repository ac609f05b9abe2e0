// A clock that tests set, in place of Redis's: the same steps at the same milliseconds for the store and for the model.
import type { Redis } from 'ioredis';

const KEY = '{trunkline}:test-clock';

/** Lua for the store's `clock` option. */
export const SET_CLOCK = `local now = tonumber(redis.call('GET', '${KEY}'))`;

/** Sets the clock, in Unix milliseconds. */
export async function setClock(redis: Pick<Redis, 'set'>, nowMs: number): Promise<void> {
  await redis.set(KEY, nowMs);
}
