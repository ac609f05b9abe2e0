-- Prolongs the confirmed ones of n held lines, only if still present. With n = 0 it says that the replica lives.
-- KEYS 1 epoch · then for each line 4: lease, key set, tenant set, pool set
-- ARGV 1 confirmed ms · 2 silence max ms · 3 recovery ms · 4 gc ms · then for each line 2: session id, token
-- OUT  the places (from 1) of the lines that are not held under their token
enter(KEYS[1], ARGV[2], ARGV[3])
-- As text, once: Redis would write the number out anew for every line.
local expires, gc, gone = string.format('%.0f', now + tonumber(ARGV[1])), ARGV[4], {}

-- Lines of one batch share sets: each set is written once, with all its lines.
local members = {}
local function count(set, session)
  local pairs_of_set = members[set]
  if not pairs_of_set then
    pairs_of_set = {}
    members[set] = pairs_of_set
  end
  pairs_of_set[#pairs_of_set + 1] = expires
  pairs_of_set[#pairs_of_set + 1] = session
end

for place = 1, (#KEYS - 1) / 4 do
  local record, session = KEYS[4 * place - 2], ARGV[2 * place + 3]
  local held = redis.call('HMGET', record, 'token', 'expires', 'state')
  if held[1] ~= ARGV[2 * place + 4] or tonumber(held[2]) <= now then
    gone[#gone + 1] = place
  elseif held[3] == 'confirmed' then
    redis.call('HSET', record, 'expires', expires)
    redis.call('PEXPIRE', record, gc)
    for i = 1, 3 do count(KEYS[4 * place - 2 + i], session) end
  end
end
for set, pairs_of_set in pairs(members) do
  redis.call('ZREMRANGEBYSCORE', set, '-inf', now)
  redis.call('ZADD', set, unpack(pairs_of_set))
  redis.call('PEXPIRE', set, gc)
end
return gone
