-- Takes a pending line under all three limits or under none.
-- KEYS 1 epoch · 2 lease · 3 key set · 4 tenant set · 5 pool set
-- ARGV 1 session id · 2 token · 3 replica id · 4 key id · 5 tenant id · 6 pool id
--      7 key cap · 8 tenant cap · 9 pool cap (-1 = none)
--      10 pending ms · 11 silence max ms · 12 recovery ms · 13 gc ms
-- OUT  {'admitted', fence} · {'denied', place 1-3, counted, ms until the first of them lapses}
--      {'recovering', ms left} · {'elsewhere'} the session holds a line of another key, tenant or pool
local now = now_ms()
local closed = enter(KEYS[1], now, tonumber(ARGV[11]), tonumber(ARGV[12]))
if closed > 0 then return { 'recovering', closed } end

local since = now
if living_token(KEYS[2], now) then
  local held = redis.call('HMGET', KEYS[2], 'key', 'tenant', 'pool', 'since')
  if held[1] ~= ARGV[4] or held[2] ~= ARGV[5] or held[3] ~= ARGV[6] then return { 'elsewhere' } end
  since = held[4]
else
  local place, count, lapses = first_full(3, { ARGV[7], ARGV[8], ARGV[9] }, now)
  if place then return { 'denied', place, count, math.max(0, lapses - now) } end
end

-- Microseconds of the store's clock, but always above the last one: it goes on rising after a flush.
local time = redis.call('TIME')
local fence = math.max(
  (tonumber(redis.call('HGET', KEYS[1], 'fence')) or 0) + 1,
  tonumber(time[1]) * 1000000 + tonumber(time[2])
)
redis.call('HSET', KEYS[1], 'fence', string.format('%.0f', fence))
redis.call('HSET', KEYS[2], 'token', ARGV[2], 'fence', string.format('%.0f', fence), 'state', 'pending', 'since', since,
  'replica', ARGV[3], 'key', ARGV[4], 'tenant', ARGV[5], 'pool', ARGV[6])
keep_until(KEYS[2], 3, ARGV[1], now + tonumber(ARGV[10]), tonumber(ARGV[13]))
return { 'admitted', fence }
