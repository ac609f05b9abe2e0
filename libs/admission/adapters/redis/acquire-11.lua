-- Takes a pending line under all limits, or stands in line, or neither.
-- ARGV 6 session id · 7 caller as JSON (as in waiters, without since) · 8 '1' = may wait
--      9 plan version · 10 plan digest · 11 the plan's JSON, or '' where the store should know it
-- OUT  {'admitted', fence, then what own_use says} · {'recovering', ms left} · {'plan'} ask again with the plan
--      {'elsewhere'} the session holds a line of another place · a denial of kind 'waiting' or 'denied' (room.lua)
local closed = enter()
if closed > 0 then return { 'recovering', closed } end

local session, caller = ARGV[6], cjson.decode(ARGV[7])
caller.session, caller.sequence = session, math.huge
local held = line_of(session)
if held and not same_place(held, caller) then return { 'elsewhere' } end
local since, taken_from, inherited = held and held.since or whole(now), session, held and held.inherited
if not held then
  held, taken_from = kept_for(caller)
  inherited = true
end
if held then
  leave_line(session)
  -- Asked twice: the line may be in use by now, and stays as it is.
  local line = told(session, caller.token)
  if not line then
    drop_line(taken_from, held)
    line = take_line(session, caller, since, inherited)
  end
  grant()
  return { 'admitted', line.fence, own_use(line) }
end

if ARGV[11] == '' and not has_plan(caller.pool, ARGV[9], ARGV[10]) then return { 'plan' } end
adopt(caller.pool, ARGV[11])
leave_line(session)
queue[#queue + 1] = caller
grant(caller)
if caller.line then return { 'admitted', caller.line.fence, own_use(caller) } end

local answer = denial('denied', caller)
if ARGV[8] ~= '1' or answer[6] == 1 then return answer end
answer[1] = 'waiting'
local record = cjson.decode(ARGV[7])
record.since = whole(now)
redis.call('HSET', WAITERS, session, cjson.encode(record))
redis.call('ZADD', QUEUE, redis.call('HINCRBY', STATE, 'sequence', 1), session)
redis.call('ZADD', SEEN, whole(now), session)
return answer
