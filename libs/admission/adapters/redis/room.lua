-- Whether there is room, who waits and who is next: `core/room.ts`, `fair-share.ts`, `obstacles.ts`, `next-in-line.ts` and `denials.ts`.

local plans = {}
local function plan_of(pool)
  if plans[pool] == nil then
    local record = redis.call('HGET', PLANS, pool)
    plans[pool] = record and cjson.decode(record) or false
  end
  return plans[pool]
end

-- Keeps the newest plan. False: the caller must bring it, for the store knows none or an older or another one.
local function has_plan(pool, version, digest)
  local plan = plan_of(pool)
  return plan and (plan.version > tonumber(version) or plan.digest == digest)
end

local function adopt(pool, text)
  if text == '' then return end
  local known, plan = plan_of(pool), cjson.decode(text)
  if known and known.version > plan.version then return end
  redis.call('HSET', PLANS, pool, text)
  plans[pool] = nil
end

-- Whether the store knows the plans that a step brings as ARGV from `first` on, for each 4: pool, version, digest, and its
-- JSON or '' where the store should know it. Asked before the step changes anything: it is asked again with them.
local function knows_plans(first)
  for i = first, #ARGV, 4 do
    if ARGV[i + 3] == '' and not has_plan(ARGV[i], ARGV[i + 1], ARGV[i + 2]) then return false end
  end
  return true
end

local function bring_plans(first)
  for i = first, #ARGV, 4 do adopt(ARGV[i], ARGV[i + 3]) end
end

local NO_SHARE = { floor = 0, weight = 1, keys = {} }
local function share_of(plan, tenant) return plan and plan.shares[tenant] or NO_SHARE end

local function unused_key_floors(pool, share)
  local lines = 0
  for key, part in pairs(share.keys) do lines = lines + math.max(0, part.floor - count('pk|' .. pool .. '|' .. key)) end
  return lines
end

local function unused_floor(share, held, key_floors) return math.max(0, share.floor - held, key_floors) end

local function reserved_lines(pool, plan)
  local names, lines = {}, 0
  for _, tenant in ipairs(plan.guaranteed) do
    names[#names + 1] = 'pt|' .. pool .. '|' .. tenant
    for key in pairs(plan.shares[tenant].keys) do names[#names + 1] = 'pk|' .. pool .. '|' .. key end
  end
  read_counts(names)
  for _, tenant in ipairs(plan.guaranteed) do
    local share = plan.shares[tenant]
    lines = lines + unused_floor(share, count('pt|' .. pool .. '|' .. tenant), unused_key_floors(pool, share))
  end
  return lines
end

local function covers_after(free, before, after)
  return free >= 1 and (after < before or free - 1 >= after)
end

-- The narrowest limit without room for one more line of this caller, as {scope, current, max}; nil when all have.
local function blocked_by(caller, plan)
  local key, tenant, pool = caller.key, caller.tenant, caller.pool
  local function full(scope, name, max)
    if max and count(name) >= max then return { scope, count(name), max } end
  end
  local share = share_of(plan, tenant)
  local part = share.keys[key]
  local blocked = full('key', 'k|' .. key, caller.key_max)
    or (part and full('key', 'pk|' .. pool .. '|' .. key, part.ceiling))
    or full('tenant', 't|' .. tenant, caller.tenant_max)
  if blocked then return blocked end
  local held = count('pt|' .. pool .. '|' .. tenant)
  local keys_before = unused_key_floors(pool, share)
  local keys_after = keys_before
  if part and count('pk|' .. pool .. '|' .. key) < part.floor then keys_after = keys_before - 1 end
  if share.ceiling and not covers_after(share.ceiling - held, keys_before, keys_after) then
    return { 'tenant', held, share.ceiling }
  end
  if not plan then return nil end
  local before, after
  -- Who has a floor may ask for any family, so each family's cap covers the floors as the pool's does.
  local function kept(scope, name, max)
    if not max then return nil end
    -- With more lines free than all floors together, nobody's can be in danger: the usual case, and cheap.
    local open = count(name)
    if max - open - 1 >= plan.floors then return nil end
    -- With none free there is nothing to keep back: as usual, and cheap, where others wait.
    if open >= max then return { scope, open, max } end
    before = before or reserved_lines(pool, plan)
    after = after or before - unused_floor(share, held, keys_before) + unused_floor(share, held + 1, keys_after)
    if not covers_after(max - open, before, after) then return { scope, open, max } end
  end
  return kept('family', 'pf|' .. pool .. '|' .. caller.family, plan.families[caller.family])
    or kept('pool', 'p|' .. pool, plan.max)
end

local function rate_used_until(tenant)
  return math.max(tonumber(redis.call('HGET', STATE, 'rate|' .. tenant) or 0), now)
end
local function interval(per_minute) return math.ceil(60000 / per_minute) end

-- One more session of the tenant began. What that used, for its line's record.
local function charge_rate(caller)
  if not caller.rate_max then return nil end
  local ms = interval(caller.rate_max)
  local used_until = whole(rate_used_until(caller.tenant) + ms)
  redis.call('HSET', STATE, 'rate|' .. caller.tenant, used_until)
  return { ms, used_until }
end

-- A dial that failed began no session: gives back what time has not given back already.
local function give_back_rate(line)
  if line.state ~= 'pending' or not line.charge then return end
  local back = math.max(0, math.min(line.charge[1], tonumber(line.charge[2]) - now))
  local used_until = tonumber(redis.call('HGET', STATE, 'rate|' .. line.tenant) or 0)
  redis.call('HSET', STATE, 'rate|' .. line.tenant, whole(used_until - back))
end

local function place_name(pool, family) return family == '' and pool or pool .. '|' .. family end

local function pause_until(name, until_ms)
  local longest = math.max(tonumber(redis.call('HGET', STATE, 'pause|' .. name) or 0), until_ms)
  redis.call('HSET', STATE, 'pause|' .. name, whole(longest))
end

-- The pool as a whole, or the family in it where that is longer.
local function paused_for(pool, family)
  local names = { 'pause|' .. pool, 'pause|' .. place_name(pool, family) }
  local found = redis.call('HMGET', STATE, unpack(names))
  return math.max(0, math.max(tonumber(found[1] or 0), tonumber(found[2] or 0)) - now)
end

-- What keeps this caller from having a line now, as {scope, current, max, retry after ms}; nil: nothing.
local function why_not(caller)
  if caller.rate_max then
    local wait = math.max(0, rate_used_until(caller.tenant) + interval(caller.rate_max) - 60000 - now)
    if wait > 0 then return { 'rate', caller.rate_max, caller.rate_max, wait } end
  end
  local paused = paused_for(caller.pool, caller.family)
  if paused > 0 then return { 'headroom', 0, 0, paused } end
  local blocked = blocked_by(caller, plan_of(caller.pool))
  if blocked then blocked[4] = 0 end
  return blocked
end

-- What a caller has in use of its own limits: ms of its rate of new sessions, sessions of its key, of its tenant.
local function own_use(caller)
  return rate_used_until(caller.tenant) - now, count('k|' .. caller.key), count('t|' .. caller.tenant)
end

local function leave_queue(waiter)
  for i, each in ipairs(queue) do
    if each == waiter then table.remove(queue, i) break end
  end
  waiter.left = true
  redis.call('HDEL', WAITERS, waiter.session)
  redis.call('ZREM', QUEUE, waiter.session)
  redis.call('ZREM', SEEN, waiter.session)
end

-- False: nobody can have a line of the pool, whatever its other limits say.
local function has_free_line(pool)
  local plan = plan_of(pool)
  return not (plan and plan.max) or count('p|' .. pool) < plan.max
end

-- Every pool in whose line somebody stands, each once.
local function pools_in_line()
  local pools, seen = {}, {}
  for _, waiter in ipairs(queue) do
    for _, pool in ipairs(pools_of(waiter)) do
      if not seen[pool] then
        seen[pool] = true
        pools[#pools + 1] = pool
      end
    end
  end
  return pools
end

-- Where the queue was read it is noted, so that who gives a line back, or asks for one that nobody waits for, need not read it
-- to know that all these are full.
local function note_pools_waited_for()
  local sequence = redis.call('HGET', STATE, 'sequence') or '0'
  redis.call('HSET', STATE, 'wanted', sequence .. ':' .. table.concat(pools_in_line(), ','))
end

local function some_pool_has_a_free_line()
  for _, pool in ipairs(pools_waited_for()) do
    if has_free_line(pool) then return true end
  end
  return false
end

-- Takes the session's call out of line, if it stands there.
local function leave_line(session)
  if redis.call('HEXISTS', WAITERS, session) == 0 then return end
  load_queue()
  for _, waiter in ipairs(queue) do
    if waiter.session == session then return leave_queue(waiter) end
  end
end

-- See fair-share.ts for what these numbers are.
local PHASES, STRIDE = 1024, 633
local function turn_of(plan, given) return math.floor(given / (2 * (plan and plan.max or 50))) end

local function phase_of(tenant, turn)
  local own = 0
  for i = 1, #tenant do own = (own * 31 + string.byte(tenant, i)) % PHASES end
  return (own + (turn % PHASES) * STRIDE) % PHASES
end

local function is_ahead(a, b)
  local above_a, above_b = a.held - a.floor, b.held - b.floor
  local difference
  if above_a < 0 or above_b < 0 then difference = above_a - above_b
  else difference = (PHASES * above_a + a.phase) * b.weight - (PHASES * above_b + b.phase) * a.weight end
  if difference == 0 then return a.waiter.sequence < b.waiter.sequence end
  return difference < 0
end

-- What keeps a waiter out of a pool keeps out everybody of the same place and limits: asked once for each of those.
local function kind_of(waiter)
  return table.concat({ waiter.tenant, waiter.key, waiter.family, tostring(waiter.key_max), tostring(waiter.tenant_max),
    tostring(waiter.rate_max) }, '|')
end

local function next_in(pool)
  if not has_free_line(pool) then return nil end
  local turn = turn_of(plan_of(pool), tonumber(redis.call('HGET', STATE, 'given|' .. pool) or 0))
  local seen, kept_out, best = {}, {}, nil
  for _, waiter in ipairs(queue) do
    if not seen[waiter.tenant] and stands_in(waiter, pool) then
      waiter.kind = waiter.kind or kind_of(waiter)
      if not kept_out[waiter.kind] then
        if why_not(at(waiter, pool)) then
          kept_out[waiter.kind] = true
        else
          seen[waiter.tenant] = true
          local share = share_of(plan_of(pool), waiter.tenant)
          local held = count('pt|' .. pool .. '|' .. waiter.tenant)
          local contender = { waiter = waiter, held = held, floor = share.floor, weight = share.weight,
            phase = phase_of(waiter.tenant, turn) }
          if not best or is_ahead(contender, best) then best = contender end
        end
      end
    end
  end
  return best and best.waiter
end

-- `charge`: what it used of the tenant's rate; nil: nothing.
local function take_line(session, caller, since, inherited, charge)
  local line = { token = caller.token, fence = next_fence(), state = 'pending', since = since, replica = caller.replica,
    key = caller.key, tenant = caller.tenant, pool = caller.pool, family = caller.family, inherited = inherited, charge = charge }
  write_line(session, line, now + PENDING)
  add(line, 1)
  return line
end

-- Gives lines to whoever is owed one and waits, until nobody is left who could have one. `arrival` is not told: it hears
-- the answer of this very step.
local function grant(arrival)
  if not arrival and (redis.call('ZCARD', QUEUE) == 0 or not some_pool_has_a_free_line()) then return end
  load_queue()
  for _, pool in ipairs(pools_in_line()) do
    local waiter = next_in(pool)
    while waiter do
      leave_queue(waiter)
      redis.call('HINCRBY', STATE, 'given|' .. pool, 1)
      waiter.line = take_line(waiter.session, at(waiter, pool), whole(now), nil, charge_rate(waiter))
      if waiter ~= arrival then redis.call('PUBLISH', STATE .. ':granted:' .. waiter.replica, waiter.session) end
      waiter = next_in(pool)
    end
  end
  if not arrival then note_pools_waited_for() end
end

-- Ends what a step changes.
local function give_out(closed)
  if closed == 0 then grant() end
  forget_marks()
end

local function enter_and_give_out()
  local closed = enter()
  give_out(closed)
  return closed
end

-- Where everybody stands, once a step: of each pool its calls, tenants, each tenant's calls, and each call's place.
local standings
local function standings_in(pool)
  if not standings then
    standings = {}
    for _, waiter in ipairs(queue) do
      for _, name in ipairs(pools_of(waiter)) do
        local known = standings[name] or { calls = 0, tenants = 0, of = {}, places = {} }
        standings[name] = known
        known.calls = known.calls + 1
        if not known.of[waiter.tenant] then known.tenants = known.tenants + 1 end
        known.of[waiter.tenant] = (known.of[waiter.tenant] or 0) + 1
        known.places[waiter.session] = known.of[waiter.tenant]
      end
    end
  end
  return standings[pool] or { calls = 0, tenants = 0, of = {}, places = {} }
end

-- Whether the pool's line has no place for this call, or should not have had. It stands there already.
local function is_line_full(caller)
  local plan, pool = plan_of(caller.pool), standings_in(caller.pool)
  return plan and (pool.calls > plan.waiting or (pool.of[caller.tenant] or 0) > plan.waiting_per_tenant)
end

local RANKS = { rate = 0, pool = 0, family = 0, key = 1, tenant = 1, headroom = 2 }

-- See likeliest.ts. An expected wait that is not known is the longest.
local function is_likelier(a, b)
  if RANKS[a[2]] ~= RANKS[b[2]] then return RANKS[a[2]] < RANKS[b[2]] end
  local wait_a, wait_b = a[8] < 0 and math.huge or a[8], b[8] < 0 and math.huge or b[8]
  if wait_a ~= wait_b then return wait_a < wait_b end
  return a[7] < b[7]
end

-- What is the same for all of a kind in a pool: why it has no line, the pool's gap, and what own_use says. Asked once a step
-- for each, and nothing may be given, taken or released in that step afterwards.
local said = {}
local function said_of(caller)
  local name = caller.pool .. '|' .. kind_of(caller)
  said[name] = said[name]
    or { why = why_not(caller) or { 'pool', 0, 0, 0 }, gap = gap_of(caller.pool), own = { own_use(caller) } }
  return said[name]
end

-- {'waiting' or 'denied', scope, current, max, retry after ms, 1 = queue full, position, expected wait ms or -1, then what
-- own_use says}
local function denial_in(kind, caller)
  local pool, known = standings_in(caller.pool), said_of(caller)
  local why, gap = known.why, known.gap
  local position = pool.places[caller.session] or (pool.of[caller.tenant] or 0) + 1
  local expected = gap < 0 and -1 or position * pool.tenants * gap
  local retry = why[4]
  if retry == 0 then retry = math.max(0, expected) end
  return { kind, why[1], why[2], why[3], retry, is_line_full(caller) and 1 or 0, position, expected,
    unpack(known.own) }
end

-- What the likeliest of the caller's pools says; the queue is full where that of each is.
-- Nobody may leave the queue after this in the same step.
local function denial(kind, caller)
  local best, full
  for _, pool in ipairs(pools_of(caller)) do
    local answer = denial_in(kind, at(caller, pool))
    full = math.min(full or 1, answer[6])
    if not best or is_likelier(answer, best) then best = answer end
  end
  best[6] = full
  return best
end

-- The line that the session holds under this token. Whoever hears of it only now has the whole time of a dial from now on.
local function told(session, token)
  local line = held_by(session, token)
  if line and line.state == 'pending' then redis.call('ZADD', EXPIRY, whole(now + PENDING), session) end
  return line
end

-- How a caller stands: {'granted', pool, fence, then what own_use says}, a denial of kind 'waiting', or {'gone'}.
local function standing(session, token)
  local line = told(session, token)
  if line then return { 'granted', line.pool, line.fence, own_use(line) } end
  local record = redis.call('HGET', WAITERS, session)
  local waiter = record and cjson.decode(record)
  if not waiter or waiter.token ~= token then return { 'gone' } end
  load_queue()
  waiter.session = session
  return denial('waiting', waiter)
end
