-- Gives a line back, if it is held under this token.
-- KEYS 1 lease · 2 key set · 3 tenant set · 4 pool set
-- ARGV 1 session id · 2 token
-- OUT  1 released · 0 not held under this token: nothing was freed
if living_token(KEYS[1]) ~= ARGV[2] then return 0 end
redis.call('DEL', KEYS[1])
for i = 2, 4 do redis.call('ZREM', KEYS[i], ARGV[1]) end
return 1
