-- Whether an idle line should make room: somebody waits who could use it, and nobody else makes room for that call yet.
-- ARGV 6 session id · 7 token · 8 ms for which a line asked to make room counts as coming free
-- OUT  1 it should · 0 it should not
enter_and_grant()
local line = held_by(ARGV[6], ARGV[7])
if not line or line.state ~= 'confirmed' then return 0 end
redis.call('ZREMRANGEBYSCORE', RECLAIMS, '-inf', whole(now))

-- As if this line and the others that were asked to make room were free.
local function set_free(freed)
  for _, name in ipairs(names_of(freed)) do counted[name] = count(name) - 1 end
end
set_free(line)
local coming_free = 0
for _, session in ipairs(redis.call('ZRANGE', RECLAIMS, 0, -1)) do
  local other = line_of(session)
  if not other or other.state ~= 'confirmed' then
    redis.call('ZREM', RECLAIMS, session)
  elseif session ~= ARGV[6] and other.pool == line.pool then
    set_free(other)
    coming_free = coming_free + 1
  end
end

load_queue()
local helped = 0
for _, waiter in ipairs(queue) do
  if waiter.pool == line.pool and not why_not(waiter) then
    helped = helped + 1
    for _, name in ipairs(names_of(waiter)) do counted[name] = count(name) + 1 end
  end
end
if helped <= coming_free then
  redis.call('ZREM', RECLAIMS, ARGV[6])
  return 0
end
redis.call('ZADD', RECLAIMS, 'NX', whole(now + tonumber(ARGV[8])), ARGV[6])
return 1
