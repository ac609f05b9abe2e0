-- Put behind clock.lua and in front of every step: what is kept in Redis, and the lines. Does what `core/line-register.ts`,
-- `line-counts.ts` and `pace.ts` do.
--
-- Data, all under one hash tag (one slot of a cluster); every step takes all eleven keys in this order:
--   1 state     hash  beat, closed_until, server, fence, sequence; pace|<pool> = last release:gap;
--                     given|<pool>; rate|<tenant>; settling|<pool>|<family>|<key> = sessions of lines that are being
--                     settled, with commas (a line's record has the last word, since older processes do not keep it);
--                     ending|<pool>|<family>|<key>: what an older release counted in its place, gone with the last of them;
--                     wanted = sequence:pools, with commas, in whose line somebody stands (see pools_waited_for);
--                     pause|<pool> and pause|<pool>|<family>;
--                     tokens|<pool> and tokens|<pool>|<family> = second:tokens of the last minute's, with commas
--   2 lines     hash  session id -> JSON {token, state, since, replica, key, tenant, pool, family, inherited,
--                     ending, charge}; charge: what giving it used of its tenant's rate and until when that was used up
--                     with it, {ms, ms}. Absent: nothing, and in what older processes wrote
--   3 expiry    zset  session id by the ms at which its line lapses
--   4 kept      zset  the same for lines that are kept for a reconnect
--   5 counts    hash  lines held: k|<key> t|<tenant> p|<pool> pf|<pool>|<family> pt|<pool>|<tenant> pk|<pool>|<key>
--   6 plans     hash  pool id -> JSON of the pool's plan (see wire.ts)
--   7 waiters   hash  session id -> JSON {token, since, replica, key, tenant, pool, family, others, key_max, tenant_max,
--                     rate_max, back}; others: pools in whose line it stands beside `pool`. Absent: none, and in what
--                     older processes wrote. back: the pool in which it counts on a line that is being settled
--   8 queue     zset  session id by the order in which calls began to wait
--   9 seen      zset  session id by the ms of the last time that its replica attended to it
--  10 reclaims  zset  session id of idle lines asked to make room, by the ms until which that counts
--  11 pending   zset  the same as expiry for pending lines; the line's record has the last word, since older processes
--                     do not keep it
-- Every step takes as ARGV 1-5: pending, confirmed, silence max, recovery and waiter ms; its own arguments follow.
local STATE, LINES, EXPIRY, KEPT, COUNTS, PLANS, WAITERS, QUEUE, SEEN, RECLAIMS, PENDINGS = unpack(KEYS)
local PENDING, CONFIRMED = tonumber(ARGV[1]), tonumber(ARGV[2])
local SILENCE_MAX, RECOVERY, WAITER = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])

-- Numbers as text without an exponent, which Redis would write for large ones.
local function whole(number) return string.format('%.0f', number) end

-- Lua takes some thousands of arguments at once and no more.
local CHUNK = 1000
local function hmget(hash, fields)
  local found = {}
  for first = 1, #fields, CHUNK do
    local some = redis.call('HMGET', hash, unpack(fields, first, math.min(first + CHUNK - 1, #fields)))
    for i = 1, math.min(CHUNK, #fields - first + 1) do found[first + i - 1] = some[i] end
  end
  return found
end

local counted = {}
local function count(name)
  local known = counted[name]
  if not known then
    known = tonumber(redis.call('HGET', COUNTS, name) or 0)
    counted[name] = known
  end
  return known
end

-- Reads those of many counters that are not known yet, in one command.
local function read_counts(names)
  local unknown = {}
  for _, name in ipairs(names) do
    if not counted[name] then unknown[#unknown + 1] = name end
  end
  if #unknown == 0 then return end
  local found = hmget(COUNTS, unknown)
  for i, name in ipairs(unknown) do counted[name] = tonumber(found[i] or 0) end
end

local function names_of(line)
  return { 'k|' .. line.key, 't|' .. line.tenant, 'p|' .. line.pool, 'pf|' .. line.pool .. '|' .. line.family,
    'pt|' .. line.pool .. '|' .. line.tenant, 'pk|' .. line.pool .. '|' .. line.key }
end

local function add(line, by)
  for _, name in ipairs(names_of(line)) do
    local held = redis.call('HINCRBY', COUNTS, name, by)
    if held == 0 then redis.call('HDEL', COUNTS, name) end
    counted[name] = held
  end
end

local function line_of(session)
  local record = redis.call('HGET', LINES, session)
  return record and cjson.decode(record)
end

local function write_line(session, line, expires)
  redis.call('HSET', LINES, session, cjson.encode(line))
  redis.call('ZADD', EXPIRY, whole(expires), session)
  if line.state == 'kept' then redis.call('ZADD', KEPT, whole(expires), session) end
  if line.state == 'pending' then redis.call('ZADD', PENDINGS, whole(expires), session)
  else redis.call('ZREM', PENDINGS, session) end
end

local function key_place(line) return line.pool .. '|' .. line.family .. '|' .. line.key end
local function settling_name(line) return 'settling|' .. key_place(line) end

local function settling(place) return redis.call('HGET', STATE, settling_name(place)) or '' end

local function write_settling(place, sessions)
  -- A process of the release that counted takes one below zero for none.
  if #sessions == 0 then redis.call('HDEL', STATE, settling_name(place), 'ending|' .. key_place(place))
  else redis.call('HSET', STATE, settling_name(place), table.concat(sessions, ',')) end
end

local function sessions_without(list, gone)
  local left = {}
  for session in string.gmatch(list, '[^,]+') do
    if session ~= gone then left[#left + 1] = session end
  end
  return left
end

-- The line is being settled from now on.
local function begins_to_settle(session, line)
  line.ending = true
  redis.call('HSET', LINES, session, cjson.encode(line))
  local sessions = sessions_without(settling(line), session)
  sessions[#sessions + 1] = session
  write_settling(line, sessions)
end

-- The line is no longer one that is being settled; which went in this step is for `forget_marks`.
local settled = {}
local function has_settled(session, line)
  if not line.ending then return end
  line.ending = nil
  settled[#settled + 1] = line
  write_settling(line, sessions_without(settling(line), session))
end

local function drop_line(session, line)
  has_settled(session, line)
  redis.call('HDEL', LINES, session)
  redis.call('ZREM', EXPIRY, session)
  redis.call('ZREM', KEPT, session)
  redis.call('ZREM', PENDINGS, session)
  add(line, -1)
end

local function same_place(a, b)
  return a.key == b.key and a.tenant == b.tenant and a.pool == b.pool and a.family == b.family
end

-- How many lines of this place are being settled, counted up to so many: a key may end a thousand sessions at once.
local function settling_at(place, most)
  local lines = 0
  for session in string.gmatch(settling(place), '[^,]+') do
    if lines >= most then break end
    local line = line_of(session)
    if line and line.ending and same_place(line, place) then lines = lines + 1
    else write_settling(place, sessions_without(settling(place), session)) end
  end
  return lines
end

-- The line kept for this place that lapses first, and its session.
local function kept_for(place)
  for _, session in ipairs(redis.call('ZRANGE', KEPT, 0, -1)) do
    local line = line_of(session)
    if same_place(line, place) then return line, session end
  end
end

-- The line that the session holds under this token, or nil.
local function held_by(session, token)
  local line = line_of(session)
  if line and line.token == token and line.state ~= 'kept' then return line end
end

-- Everybody in line, in order, each with its session and place in the order.
local queue
local function load_queue()
  if queue then return end
  queue = {}
  local sessions = redis.call('ZRANGE', QUEUE, 0, -1)
  if #sessions == 0 then return end
  local records = hmget(WAITERS, sessions)
  for i, session in ipairs(sessions) do
    local waiter = cjson.decode(records[i])
    waiter.session, waiter.sequence = session, i
    queue[#queue + 1] = waiter
  end
end

-- The caller as it is in one of its pools; in `pool` it is itself.
local function at(caller, pool)
  if pool == caller.pool then return caller end
  caller.elsewhere = caller.elsewhere or {}
  local copy = caller.elsewhere[pool]
  if not copy then
    copy = {}
    for name, value in pairs(caller) do copy[name] = value end
    copy.pool, copy.others, copy.elsewhere, copy.pools = pool, nil, nil, nil
    caller.elsewhere[pool] = copy
  end
  return copy
end

-- A caller's pools, in their order.
local function pools_of(caller)
  if not caller.pools then caller.pools = { caller.pool, unpack(caller.others or {}) } end
  return caller.pools
end

-- Makes these the pools of a record; at least one.
local function stand_in(record, pools)
  record.pool, record.others = pools[1], nil
  if #pools > 1 then record.others = { unpack(pools, 2) } end
end

local function stands_in(waiter, pool)
  if waiter.pool == pool then return true end
  for _, other in ipairs(waiter.others or {}) do
    if other == pool then return true end
  end
  return false
end

-- Calls in line that count on a line of this place which is being settled, in order.
local function counting_on(place)
  load_queue()
  local counting = {}
  for _, waiter in ipairs(queue) do
    if waiter.back == place.pool and same_place(at(waiter, place.pool), place) then counting[#counting + 1] = waiter end
  end
  return counting
end

-- Of the calls that counted on a line which is gone, only those go on counting for which there is another one.
local function forget_marks()
  for _, place in ipairs(settled) do
    local counting = counting_on(place)
    local left = settling_at(place, #counting)
    for i, waiter in ipairs(counting) do
      if i > left then
        local record = cjson.decode(redis.call('HGET', WAITERS, waiter.session))
        record.back, waiter.back = nil, nil
        redis.call('HSET', WAITERS, waiter.session, cjson.encode(record))
      end
    end
  end
  settled = {}
end

-- All pools in whose line somebody stands, and perhaps some more. The note is good until somebody came of whom it does not
-- know, through an older process: then it is all pools that there are or were.
local function pools_waited_for()
  local noted = redis.call('HMGET', STATE, 'wanted', 'sequence')
  local sequence, list = string.match(noted[1] or '', '^(%d+):(.*)$')
  if not sequence or sequence ~= (noted[2] or '0') then return redis.call('HKEYS', PLANS) end
  local pools = {}
  for pool in string.gmatch(list, '[^,]+') do pools[#pools + 1] = pool end
  return pools
end

local function is_waited_for(pool)
  for _, each in ipairs(pools_waited_for()) do
    if each == pool then return true end
  end
  return false
end

-- A line of the pool came free. Only gaps in which somebody waited say how long others will wait.
local function freed(pool)
  local wanted_since
  if redis.call('ZCARD', QUEUE) > 0 and is_waited_for(pool) then
    load_queue()
    for _, waiter in ipairs(queue) do
      if stands_in(waiter, pool) then wanted_since = tonumber(waiter.since) break end
    end
  end
  local last, gap = string.match(redis.call('HGET', STATE, 'pace|' .. pool) or '0:-1', '^(%d+):(%-?%d+)$')
  gap = tonumber(gap)
  if wanted_since then
    local seen = math.max(0, now - math.max(tonumber(last), wanted_since))
    gap = gap < 0 and seen or math.floor((4 * gap + seen) / 5)
  end
  redis.call('HSET', STATE, 'pace|' .. pool, whole(now) .. ':' .. whole(gap))
end

local function gap_of(pool)
  local was = redis.call('HGET', STATE, 'pace|' .. pool)
  return was and tonumber(string.match(was, ':(%-?%d+)$')) or -1
end

local function next_fence()
  local fence = math.max(tonumber(redis.call('HGET', STATE, 'fence') or 0) + 1, now * 1000)
  redis.call('HSET', STATE, 'fence', whole(fence))
  return whole(fence)
end

-- Which process of Redis this is; '' where it does not tell.
local function this_server()
  local info = redis.pcall('INFO', 'server')
  return type(info) == 'string' and string.match(info, 'run_id:(%w+)') or ''
end

-- Says that a replica is alive, drops what has lapsed, and answers how long admissions stay closed. The store may have
-- lost its memory (no beat), have been out of everybody's reach (no beat for long), or be a copy that took over or a
-- restart (another process than at the last step), which may lack the last writes: leases may then have lapsed or be
-- missing that living sessions hold, and these must be counted again before anybody new.
local function enter()
  local was = redis.call('HMGET', STATE, 'beat', 'closed_until', 'server')
  local beat, closed_until, server = tonumber(was[1] or nil), tonumber(was[2] or 0), this_server()
  local is_other = was[3] and was[3] ~= server
  if not beat or now - beat > SILENCE_MAX or is_other then
    closed_until = now + RECOVERY
    redis.call('HSET', STATE, 'closed_until', whole(closed_until))
  end
  redis.call('HSET', STATE, 'beat', whole(now), 'server', server)
  for _, session in ipairs(redis.call('ZRANGEBYSCORE', SEEN, '-inf', whole(now - WAITER))) do
    redis.call('HDEL', WAITERS, session)
    redis.call('ZREM', QUEUE, session)
    redis.call('ZREM', SEEN, session)
  end
  for _, session in ipairs(redis.call('ZRANGEBYSCORE', EXPIRY, '-inf', whole(now))) do
    local line = line_of(session)
    drop_line(session, line)
    freed(line.pool)
  end
  return math.max(0, closed_until - now)
end
