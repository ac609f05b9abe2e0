-- Makes a held line confirmed and prolongs it. Never puts a lapsed one back.
-- KEYS 1 epoch · 2 lease · 3 key set · 4 tenant set · 5 pool set
-- ARGV 1 session id · 2 token · 3 confirmed ms · 4 silence max ms · 5 recovery ms · 6 gc ms
-- OUT  1 confirmed · 0 not held under this token
local now = now_ms()
enter(KEYS[1], now, tonumber(ARGV[4]), tonumber(ARGV[5]))
if living_token(KEYS[2], now) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[2], 'state', 'confirmed')
keep_until(KEYS[2], 3, ARGV[1], now + tonumber(ARGV[3]), tonumber(ARGV[6]))
return 1
