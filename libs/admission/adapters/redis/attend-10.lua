-- Keeps calls in line, gives out what has become free, and says how each of them stands.
-- ARGV 6 pools n, then for each of them 2: pool id, the plan's JSON (an older one than the store's changes nothing)
--      then for each caller 2: session id, token
-- OUT  for each caller: {'granted', fence} · a denial of kind 'waiting' · {'gone'}
local closed = enter()
local first = 7 + 2 * tonumber(ARGV[6])
for i = 7, first - 2, 2 do adopt(ARGV[i], ARGV[i + 1]) end
for i = first, #ARGV, 2 do
  local record = redis.call('HGET', WAITERS, ARGV[i])
  if record and cjson.decode(record).token == ARGV[i + 1] then redis.call('ZADD', SEEN, whole(now), ARGV[i]) end
end
if closed == 0 then grant() end
local answers = {}
for i = first, #ARGV, 2 do answers[#answers + 1] = standing(ARGV[i], ARGV[i + 1]) end
return answers
