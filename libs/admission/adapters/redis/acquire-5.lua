-- Takes a pending line under all three limits or under none.
-- KEYS 1 epoch · 2 lease · 3 key set · 4 tenant set · 5 pool set
-- ARGV 1 session id · 2 token · 3 replica id · 4 key id · 5 tenant id · 6 pool id
--      7 key cap · 8 tenant cap · 9 pool cap (-1 = none)
--      10 pending ms · 11 silence max ms · 12 recovery ms · 13 gc ms
-- OUT  {'admitted', fence} · {'denied', place 1-3, counted, ms until the first of them lapses}
--      {'recovering', ms left} · {'elsewhere'} the session holds a line of another key, tenant or pool
local closed, last_fence = enter(KEYS[1], ARGV[11], ARGV[12])
if closed > 0 then return { 'recovering', closed } end

local since = now
local held = redis.call('HMGET', KEYS[2], 'expires', 'key', 'tenant', 'pool', 'since')
if held[1] and tonumber(held[1]) > now then
  if held[2] ~= ARGV[4] or held[3] ~= ARGV[5] or held[4] ~= ARGV[6] then return { 'elsewhere' } end
  since = held[5]
else
  local place, count, lapses = first_full(3, 7)
  if place then return { 'denied', place, count, lapses } end
end

-- Microseconds of the store's clock, but always above the last one: it goes on rising after a flush.
local fence = math.max(last_fence + 1, tonumber(time[1]) * 1000000 + tonumber(time[2]))
local fence_text = string.format('%.0f', fence)
local expires = now + tonumber(ARGV[10])
redis.call('HSET', KEYS[1], 'fence', fence_text)
redis.call('HSET', KEYS[2], 'token', ARGV[2], 'fence', fence_text, 'state', 'pending', 'since', since,
  'expires', expires, 'replica', ARGV[3], 'key', ARGV[4], 'tenant', ARGV[5], 'pool', ARGV[6])
redis.call('PEXPIRE', KEYS[2], ARGV[13])
count_until(3, ARGV[1], expires, ARGV[13])
return { 'admitted', fence }
