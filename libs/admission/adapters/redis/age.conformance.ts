// Lets time pass for a store whose clock cannot be set: everything it remembers becomes that much older.
import type { LeaseRedis } from './scripts.js';

const AGE = `
local ms = tonumber(ARGV[1])
for _, key in ipairs(redis.call('KEYS', '*')) do
  if redis.call('TYPE', key).ok == 'zset' then
    for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do redis.call('ZINCRBY', key, -ms, member) end
  else
    for _, field in ipairs({ 'expires', 'since', 'beat', 'recovering_until' }) do
      if redis.call('HEXISTS', key, field) == 1 then redis.call('HINCRBY', key, field, -ms) end
    end
  end
end`;

/** Makes all keys of the server older by so many milliseconds, in one step. */
export async function age(redis: LeaseRedis, ms: number): Promise<void> {
  await redis.eval(AGE, 1, '{trunkline}:epoch', ms);
}
