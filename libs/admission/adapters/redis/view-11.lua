-- What operators see of the queue and of a pool's pauses. Changes nothing.
-- ARGV 6 pool id
-- OUT  {now, ms for which the pool is paused, ms left of the recovery window, families n, then for each of them 2: family,
--      ms for which it is paused by itself, then for each call in line 2: session id, its record}
load_queue()
local closed_until = tonumber(redis.call('HGET', STATE, 'closed_until') or 0)
local out = { whole(now), whole(paused_for(ARGV[6], '')), whole(math.max(0, closed_until - now)), 0 }
local prefix, cursor, seen = 'pause|' .. ARGV[6] .. '|', '0', {}
repeat
  local page = redis.call('HSCAN', STATE, cursor, 'MATCH', prefix .. '*', 'COUNT', 1000)
  cursor = page[1]
  for i = 1, #page[2], 2 do
    local left = tonumber(page[2][i + 1]) - now
    if left > 0 and not seen[page[2][i]] then
      seen[page[2][i]] = true
      out[4] = out[4] + 1
      out[#out + 1] = string.sub(page[2][i], #prefix + 1)
      out[#out + 1] = whole(left)
    end
  end
until cursor == '0'
for _, waiter in ipairs(queue) do
  if stands_in(waiter, ARGV[6]) then
    out[#out + 1] = waiter.session
    out[#out + 1] = redis.call('HGET', WAITERS, waiter.session)
  end
end
return out
