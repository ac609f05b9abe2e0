-- Prolongs the confirmed ones of n held lines, only if still present. With none it says that the replica lives.
-- ARGV from 6 for each line 2: session id, token
-- OUT  the places (from 1) of the lines that are not held under their token
enter_and_give_out()
if #ARGV < 6 then return {} end
local sessions = {}
for i = 6, #ARGV, 2 do sessions[#sessions + 1] = ARGV[i] end
local records = redis.call('HMGET', LINES, unpack(sessions))
-- As text, once: Redis would write the number out anew for every line.
local expires, gone, prolonged = whole(now + CONFIRMED), {}, {}
for place, session in ipairs(sessions) do
  local line = records[place] and cjson.decode(records[place])
  if not line or line.token ~= ARGV[5 + 2 * place] or line.state == 'kept' then
    gone[#gone + 1] = place
  elseif line.state == 'confirmed' then
    prolonged[#prolonged + 1] = expires
    prolonged[#prolonged + 1] = session
  end
end
if #prolonged > 0 then redis.call('ZADD', EXPIRY, unpack(prolonged)) end
return gone
