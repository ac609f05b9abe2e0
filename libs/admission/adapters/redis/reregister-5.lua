-- Puts the line of a living session back: in a recovery window always, otherwise where every limit has room.
-- KEYS 1 epoch · 2 lease · 3 key set · 4 tenant set · 5 pool set
-- ARGV 1 session id · 2 token · 3 replica id · 4 key id · 5 tenant id · 6 pool id
--      7 key cap · 8 tenant cap · 9 pool cap (-1 = none)
--      10 confirmed ms · 11 silence max ms · 12 recovery ms · 13 gc ms · 14 fence
-- OUT  1 held · 0 somebody else holds the session, or there is no room
local closed, last_fence = enter(KEYS[1], ARGV[11], ARGV[12])
local holder = living_token(KEYS[2])
if holder and holder ~= ARGV[2] then return 0 end
if not holder then
  if closed == 0 and first_full(3, 7) then return 0 end
  if tonumber(ARGV[14]) > last_fence then redis.call('HSET', KEYS[1], 'fence', ARGV[14]) end
  redis.call('HSET', KEYS[2], 'token', ARGV[2], 'fence', ARGV[14], 'since', now,
    'replica', ARGV[3], 'key', ARGV[4], 'tenant', ARGV[5], 'pool', ARGV[6])
end
local expires = now + tonumber(ARGV[10])
redis.call('HSET', KEYS[2], 'state', 'confirmed', 'expires', expires)
redis.call('PEXPIRE', KEYS[2], ARGV[13])
count_until(3, ARGV[1], expires, ARGV[13])
return 1
