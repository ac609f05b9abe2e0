-- Counts lines of a pool that are no open session: dials under way, and lines kept for a reconnect. Changes nothing.
-- ARGV 6 pool id · 7 how many of each to pass over · 8 how many of each to look at, since a step blocks all others
-- OUT  {1 = there are more, then for each tenant: its id, its pending lines, its kept lines}
local first, look = tonumber(ARGV[7]), tonumber(ARGV[8])
local by_tenant, more = {}, 0
for state, set in pairs({ pending = PENDINGS, kept = KEPT }) do
  local sessions = redis.call('ZRANGE', set, first, first + look - 1)
  if #sessions == look then more = 1 end
  local records = #sessions > 0 and hmget(LINES, sessions) or {}
  for i = 1, #sessions do
    local line = records[i] and cjson.decode(records[i])
    if line and line.pool == ARGV[6] and line.state == state then
      by_tenant[line.tenant] = by_tenant[line.tenant] or { pending = 0, kept = 0 }
      by_tenant[line.tenant][state] = by_tenant[line.tenant][state] + 1
    end
  end
end
local out = { more }
for tenant, lines in pairs(by_tenant) do
  for _, each in ipairs({ tenant, lines.pending, lines.kept }) do out[#out + 1] = each end
end
return out
