-- Puts the line of a living session back: in a recovery window always, otherwise where every cap has room.
-- ARGV 6 session id · 7 caller as JSON (as in waiters, without since) · 8 fence
--      from 9 the pool's plan, as `knows_plans` takes it
-- OUT  1 held · 0 somebody else holds the session, or there is no room · 2 ask again with the plan
if not knows_plans(9) then return 2 end
local closed = enter()
bring_plans(9)
local session, caller = ARGV[6], cjson.decode(ARGV[7])
local line = line_of(session)

-- Somebody else holds the session, or it lapsed and there is no room. Floors do not count here: the session is open upstream,
-- and only a cap is worth ending it for.
local function is_refused()
  if line then return not held_by(session, caller.token) end
  local plan = plan_of(caller.pool)
  local caps_only = { max = plan.max, families = plan.families, shares = {}, guaranteed = {}, floors = 0 }
  return closed == 0 and blocked_by(caller, caps_only)
end

local refused = is_refused()
if not refused then
  -- A copy that took over may know it from before it was given its line.
  leave_line(session)
  if not line then
    -- A fence is a thousand times the ms at which it was given, or a little more.
    local since = math.min(now, math.floor(tonumber(ARGV[8]) / 1000))
    line = { token = caller.token, since = whole(since), replica = caller.replica, key = caller.key, tenant = caller.tenant,
      pool = caller.pool, family = caller.family, fence = ARGV[8] }
    add(line, 1)
  end
  local fence = tonumber(redis.call('HGET', STATE, 'fence') or 0)
  if tonumber(ARGV[8]) > fence then redis.call('HSET', STATE, 'fence', ARGV[8]) end
  line.state = 'confirmed'
  write_line(session, line, now + CONFIRMED)
end
give_out(closed)
return refused and 0 or 1
