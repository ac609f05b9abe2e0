-- Counts tokens of a pool, or of one family in it, and pauses it while the last minute's leave no headroom.
-- ARGV 6 pool id · 7 family, or '' for the whole pool · 8 tokens · 9 so many in a minute leave none
enter_and_give_out()
local WINDOW_S = 60
local name = place_name(ARGV[6], ARGV[7])
local second, first = math.floor(now / 1000), math.floor(now / 1000) - WINDOW_S + 1
local seconds, used = {}, 0
for at, tokens in string.gmatch(redis.call('HGET', STATE, 'tokens|' .. name) or '', '(%d+):(%d+)') do
  if tonumber(at) >= first then
    seconds[#seconds + 1] = { tonumber(at), tonumber(tokens) }
    used = used + tonumber(tokens)
  end
end
local tokens = tonumber(ARGV[8])
if tokens > 0 then
  local found
  for _, entry in ipairs(seconds) do if entry[1] == second then found = entry end end
  if found then found[2] = found[2] + tokens else seconds[#seconds + 1] = { second, tokens } end
  used = used + tokens
end
table.sort(seconds, function(a, b) return a[1] < b[1] end)
local kept = {}
for _, entry in ipairs(seconds) do kept[#kept + 1] = whole(entry[1]) .. ':' .. whole(entry[2]) end
redis.call('HSET', STATE, 'tokens|' .. name, table.concat(kept, ','))
local mark = tonumber(ARGV[9])
for _, entry in ipairs(seconds) do
  if used < mark then break end
  used = used - entry[2]
  if used < mark then pause_until(name, (entry[1] + WINDOW_S) * 1000) end
end
return 1
