-- Keeps calls in line, under what their own limits are by now, gives out what has become free, and says how each stands.
-- ARGV 6 pools n, then for each of them 2: pool id, the plan's JSON (an older one than the store's changes nothing)
--      then for each caller 5: session id, token, key max, tenant max, rate max (empty: no such limit)
-- OUT  for each caller: {'granted', fence} · a denial of kind 'waiting' · {'gone'}
local closed = enter()
local first = 7 + 2 * tonumber(ARGV[6])
for i = 7, first - 2, 2 do adopt(ARGV[i], ARGV[i + 1]) end
for i = first, #ARGV, 5 do
  local text = redis.call('HGET', WAITERS, ARGV[i])
  local record = text and cjson.decode(text)
  if record and record.token == ARGV[i + 1] then
    redis.call('ZADD', SEEN, whole(now), ARGV[i])
    local changed = false
    for j, name in ipairs({ 'key_max', 'tenant_max', 'rate_max' }) do
      local max = tonumber(ARGV[i + 1 + j])
      if record[name] ~= max then record[name], changed = max, true end
    end
    if changed then redis.call('HSET', WAITERS, ARGV[i], cjson.encode(record)) end
  end
end
if closed == 0 then grant() end
local answers = {}
for i = first, #ARGV, 5 do answers[#answers + 1] = standing(ARGV[i], ARGV[i + 1]) end
return answers
