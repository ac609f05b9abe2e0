-- No new line of the pool for a while; a longer pause stands.
-- ARGV 6 pool id · 7 ms
enter_and_grant()
local longest = math.max(tonumber(redis.call('HGET', STATE, 'pause|' .. ARGV[6]) or 0), now + tonumber(ARGV[7]))
redis.call('HSET', STATE, 'pause|' .. ARGV[6], whole(longest))
return 1
