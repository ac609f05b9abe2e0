-- Whether an idle line should make room: somebody waits who could use it, and nobody else makes room for that call yet.
-- ARGV 6 session id · 7 token · 8 ms for which a line asked to make room counts as coming free
-- OUT  1 it should · 0 it should not
enter_and_grant()
local line = held_by(ARGV[6], ARGV[7])
if not line or line.state ~= 'confirmed' then return 0 end
redis.call('ZREMRANGEBYSCORE', RECLAIMS, '-inf', whole(now))
local own = line.pool .. '|' .. ARGV[6]
if redis.call('ZSCORE', RECLAIMS, own) then return 1 end
local coming_free, helped = 0, 0
for _, member in ipairs(redis.call('ZRANGE', RECLAIMS, 0, -1)) do
  if string.sub(member, 1, #line.pool + 1) == line.pool .. '|' then coming_free = coming_free + 1 end
end
load_queue()
plan_of(line.pool)
for _, name in ipairs(names_of(line)) do counted[name] = count(name) - 1 end
for _, waiter in ipairs(queue) do
  if waiter.pool == line.pool and not why_not(waiter) then helped = helped + 1 end
end
if coming_free >= helped then return 0 end
redis.call('ZADD', RECLAIMS, whole(now + tonumber(ARGV[8])), own)
return 1
