-- Prolongs the confirmed ones of n held lines, only if still present. With n = 0 it says that the replica lives.
-- KEYS 1 epoch · then for each line 4: lease, key set, tenant set, pool set
-- ARGV 1 confirmed ms · 2 silence max ms · 3 recovery ms · 4 gc ms · then for each line 2: session id, token
-- OUT  the places (from 1) of the lines that are not held under their token
local now = now_ms()
enter(KEYS[1], now, tonumber(ARGV[2]), tonumber(ARGV[3]))
local expires, gc, gone = now + tonumber(ARGV[1]), tonumber(ARGV[4]), {}
for place = 1, (#KEYS - 1) / 4 do
  local record = KEYS[4 * place - 2]
  if living_token(record, now) ~= ARGV[2 * place + 4] then
    gone[#gone + 1] = place
  elseif redis.call('HGET', record, 'state') == 'confirmed' then
    keep_until(record, 4 * place - 1, ARGV[2 * place + 3], expires, gc)
  end
end
return gone
