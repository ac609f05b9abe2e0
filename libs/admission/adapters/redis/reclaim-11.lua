-- Whether an idle line should make room: somebody waits who could use it, and nobody else makes room for that call yet.
-- ARGV 6 session id · 7 token · 8 ms for which a line asked to make room counts as coming free
-- OUT  1 it should · 0 it should not
enter_and_give_out()
local line = held_by(ARGV[6], ARGV[7])
if not line or line.state ~= 'confirmed' then return 0 end
redis.call('ZREMRANGEBYSCORE', RECLAIMS, '-inf', whole(now))

local function count_as(place, by)
  for _, name in ipairs(names_of(place)) do counted[name] = count(name) + by end
end

-- As if the others that were asked to make room were free.
for _, session in ipairs(redis.call('ZRANGE', RECLAIMS, 0, -1)) do
  local other = line_of(session)
  if not other or other.state ~= 'confirmed' then
    redis.call('ZREM', RECLAIMS, session)
  elseif session ~= ARGV[6] then
    count_as(other, -1)
  end
end

-- Those for whom these lines will not do, in the pool of this one.
load_queue()
local left = {}
for _, waiter in ipairs(queue) do
  local served
  for _, pool in ipairs(pools_of(waiter)) do
    if has_free_line(pool) and not why_not(at(waiter, pool)) then
      served = at(waiter, pool)
      break
    end
  end
  if served then
    count_as(served, 1)
  elseif stands_in(waiter, line.pool) then
    left[#left + 1] = at(waiter, line.pool)
  end
end
count_as(line, -1)
for _, waiter in ipairs(left) do
  if not why_not(waiter) then
    redis.call('ZADD', RECLAIMS, 'NX', whole(now + tonumber(ARGV[8])), ARGV[6])
    return 1
  end
end
redis.call('ZREM', RECLAIMS, ARGV[6])
return 0
