-- Takes a pending line under all limits, or stands in line in each of its pools, or neither.
-- ARGV 6 session id · 7 caller as JSON (as in waiters, without since) · 8 '1' = may wait
--      from 9 its pools' plans, as `knows_plans` takes them
-- OUT  {'admitted', pool, fence, then what own_use says} · {'recovering', ms left} · {'plan'} ask again with the plan
--      {'elsewhere'} the session holds a line of another place · a denial of kind 'waiting' (room.lua), or one of kind
--      'denied' and behind it 1: a line of its place is being settled that nobody counts on, else 0
if not knows_plans(9) then return { 'plan' } end
local closed = enter()
if closed > 0 then
  give_out(closed)
  return { 'recovering', closed }
end

local session, caller = ARGV[6], cjson.decode(ARGV[7])
caller.session, caller.sequence = session, math.huge
local own = line_of(session)
local held, taker, taken_from
for _, pool in ipairs(pools_of(caller)) do
  taker = at(caller, pool)
  held, taken_from = own, session
  if not own then held, taken_from = kept_for(taker) end
  if held and same_place(held, taker) then break end
  held = nil
end
if own and not held then
  give_out(0)
  return { 'elsewhere' }
end
if held then
  local since, inherited = own and own.since or whole(now), not own or own.inherited
  leave_line(session)
  -- Asked twice: the line may be in use by now, and stays as it is.
  local line = told(session, caller.token)
  if not line then
    drop_line(taken_from, held)
    -- Once it was confirmed a session has begun on it.
    local charge = own and own.state == 'pending' and own.charge or nil
    line = take_line(session, taker, since, inherited, charge)
  end
  give_out(0)
  return { 'admitted', line.pool, line.fence, own_use(line) }
end

bring_plans(9)

-- Whether anything of this step hangs on who stands in line: where nobody waits for the caller's pools and nobody who waits
-- could have a line, it comes first in its own. A line may be a thousand calls, which every admission would wait for.
local function must_see_line()
  if queue or #settled > 0 or redis.call('HEXISTS', WAITERS, session) == 1 then return true end
  if redis.call('ZCARD', QUEUE) == 0 then return false end
  for _, pool in ipairs(pools_waited_for()) do
    if stands_in(caller, pool) or has_free_line(pool) then return true end
  end
  return false
end

local sees_line = must_see_line()
if sees_line then
  load_queue()
  leave_line(session)
else queue = {} end
queue[#queue + 1] = caller
grant(caller)
forget_marks()
if caller.line then
  if sees_line then note_pools_waited_for() end
  return { 'admitted', caller.line.pool, caller.line.fence, own_use(caller) }
end

-- The first of its pools where a line of its place is being settled that no call before it counts on.
local function back_in()
  for _, pool in ipairs(pools_of(caller)) do
    local place = at(caller, pool)
    local counting = #counting_on(place)
    if settling_at(place, counting + 1) > counting then return pool end
  end
end

local open, back = {}, back_in()
for _, pool in ipairs(pools_of(caller)) do
  if ARGV[8] == '1' and (pool == back or not is_line_full(at(caller, pool))) then open[#open + 1] = pool end
end
if #open == 0 then
  local answer = denial('denied', caller)
  answer[#answer + 1] = back and 1 or 0
  if sees_line then
    -- It was the last, and stands there no more.
    queue[#queue] = nil
    note_pools_waited_for()
  end
  return answer
end
local record = cjson.decode(ARGV[7])
stand_in(record, open)
record.since, record.back = whole(now), back
caller.pools = open
local answer = denial('waiting', caller)
redis.call('HSET', WAITERS, session, cjson.encode(record))
redis.call('ZADD', QUEUE, redis.call('HINCRBY', STATE, 'sequence', 1), session)
redis.call('ZADD', SEEN, whole(now), session)
if not sees_line then
  queue = nil
  load_queue()
end
note_pools_waited_for()
return answer
