-- Makes a held line confirmed and prolongs it. Never puts a lapsed one back.
-- KEYS 1 epoch · 2 lease · 3 key set · 4 tenant set · 5 pool set
-- ARGV 1 session id · 2 token · 3 confirmed ms · 4 silence max ms · 5 recovery ms · 6 gc ms
-- OUT  1 confirmed · 0 not held under this token
enter(KEYS[1], ARGV[4], ARGV[5])
if living_token(KEYS[2]) ~= ARGV[2] then return 0 end
local expires = now + tonumber(ARGV[3])
redis.call('HSET', KEYS[2], 'state', 'confirmed', 'expires', expires)
redis.call('PEXPIRE', KEYS[2], ARGV[6])
count_until(3, ARGV[1], expires, ARGV[6])
return 1
