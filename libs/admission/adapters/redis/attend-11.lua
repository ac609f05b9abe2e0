-- Keeps calls in line, under what their own limits and in what their pools are by now, gives out what has become free, and
-- says how each stands. A pool that is new to a call is joined where its line has room.
-- ARGV 6 pools n, then for each of them 2: pool id, the plan's JSON (an older one than the store's changes nothing)
--      then for each caller 6: session id, token, key max, tenant max, rate max (empty: no such limit), pools with commas
-- OUT  for each caller: {'granted', pool, fence, then what own_use says} · a denial of kind 'waiting' · {'gone'}
local closed = enter()
local first = 7 + 2 * tonumber(ARGV[6])
for i = 7, first - 2, 2 do adopt(ARGV[i], ARGV[i + 1]) end

-- Each call in line by its session: the queue is read once a step, and no call's record a second time unless it changes.
load_queue()
local in_line = {}
for _, waiter in ipairs(queue) do in_line[waiter.session] = waiter end

-- Of each pool its calls in line and those of each tenant.
local rooms
local function room_of(pool)
  rooms[pool] = rooms[pool] or { calls = 0, of = {} }
  return rooms[pool]
end

local function count_in(tenant, pools, by)
  for _, pool in ipairs(pools) do
    local room = room_of(pool)
    room.calls, room.of[tenant] = room.calls + by, (room.of[tenant] or 0) + by
  end
end

local function look_at_rooms()
  if rooms then return end
  rooms = {}
  for _, waiter in ipairs(queue) do
    count_in(waiter.tenant, pools_of(waiter), 1)
  end
end

local function has_room(pool, tenant)
  look_at_rooms()
  local plan, room = plan_of(pool), room_of(pool)
  return not plan or (room.calls < plan.waiting and (room.of[tenant] or 0) < plan.waiting_per_tenant)
end

-- Those of the pools in whose line the call stands, or may from now on.
local function pools_for(waiter, text)
  local pools = {}
  for pool in string.gmatch(text, '[^,]+') do
    if stands_in(waiter, pool) or has_room(pool, waiter.tenant) then pools[#pools + 1] = pool end
  end
  return pools
end

local LIMITS = { 'key_max', 'tenant_max', 'rate_max' }

-- Changes it in the queue, too, as that was read.
local function write_waiter(waiter, limits, pools)
  look_at_rooms()
  local session = waiter.session
  count_in(waiter.tenant, pools_of(waiter), -1)
  count_in(waiter.tenant, pools, 1)
  if #pools == 0 then return leave_queue(waiter) end
  local record = cjson.decode(redis.call('HGET', WAITERS, session))
  for _, name in ipairs(LIMITS) do record[name] = limits[name] end
  stand_in(record, pools)
  if record.back and not stands_in(record, record.back) then record.back = nil end
  redis.call('HSET', WAITERS, session, cjson.encode(record))
  record.session, record.sequence = session, waiter.sequence
  for name in pairs(waiter) do waiter[name] = nil end
  for name, value in pairs(record) do waiter[name] = value end
end

local moved, at_now = false, whole(now)
for i = first, #ARGV, 6 do
  local waiter = in_line[ARGV[i]]
  if waiter and waiter.token == ARGV[i + 1] then
    redis.call('ZADD', SEEN, at_now, ARGV[i])
    local changed, limits = false, {}
    for j, name in ipairs(LIMITS) do
      limits[name] = tonumber(ARGV[i + 1 + j])
      if waiter[name] ~= limits[name] then changed = true end
    end
    if changed or ARGV[i + 5] ~= table.concat(pools_of(waiter), ',') then
      local pools = pools_for(waiter, ARGV[i + 5])
      if changed or table.concat(pools, ',') ~= table.concat(pools_of(waiter), ',') then
        write_waiter(waiter, limits, pools)
        moved = true
      end
    end
  end
end
if moved then note_pools_waited_for() end
give_out(closed)
local answers = {}
for i = first, #ARGV, 6 do
  local waiter = in_line[ARGV[i]]
  if waiter and waiter.token == ARGV[i + 1] and not waiter.left then answers[#answers + 1] = denial('waiting', waiter)
  else answers[#answers + 1] = standing(ARGV[i], ARGV[i + 1]) end
end
return answers
