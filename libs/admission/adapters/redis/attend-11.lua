-- Keeps calls in line, under what their own limits and in what their pools are by now, gives out what has become free, and
-- says how each stands. A pool that is new to a call is joined where its line has room.
-- ARGV 6 pools n, then for each of them 2: pool id, the plan's JSON (an older one than the store's changes nothing)
--      then for each caller 6: session id, token, key max, tenant max, rate max (empty: no such limit), pools with commas
-- OUT  for each caller: {'granted', pool, fence, then what own_use says} · a denial of kind 'waiting' · {'gone'}
local closed = enter()
local first = 7 + 2 * tonumber(ARGV[6])
for i = 7, first - 2, 2 do adopt(ARGV[i], ARGV[i + 1]) end

local function has_room(pool, tenant)
  local plan, calls, of_tenant = plan_of(pool), 1, 1
  for _, waiter in ipairs(queue) do
    if stands_in(waiter, pool) then
      calls = calls + 1
      if waiter.tenant == tenant then of_tenant = of_tenant + 1 end
    end
  end
  return not plan or (calls <= plan.waiting and of_tenant <= plan.waiting_per_tenant)
end

-- Those of the pools in whose line the call stands, or may from now on.
local function pools_for(record, text)
  local pools = {}
  for pool in string.gmatch(text, '[^,]+') do
    if not stands_in(record, pool) then load_queue() end
    if stands_in(record, pool) or has_room(pool, record.tenant) then pools[#pools + 1] = pool end
  end
  return pools
end

-- The queue may have been read already.
local function write_waiter(session, record, pools)
  if #pools > 0 then
    stand_in(record, pools)
    if record.back and not stands_in(record, record.back) then record.back = nil end
    redis.call('HSET', WAITERS, session, cjson.encode(record))
  else
    leave_line(session)
  end
  queue = nil
end

for i = first, #ARGV, 6 do
  local text = redis.call('HGET', WAITERS, ARGV[i])
  local record = text and cjson.decode(text)
  if record and record.token == ARGV[i + 1] then
    redis.call('ZADD', SEEN, whole(now), ARGV[i])
    local changed = false
    for j, name in ipairs({ 'key_max', 'tenant_max', 'rate_max' }) do
      local max = tonumber(ARGV[i + 1 + j])
      if record[name] ~= max then record[name], changed = max, true end
    end
    local pools = pools_for(record, ARGV[i + 5])
    if changed or table.concat(pools, ',') ~= table.concat(pools_of(record), ',') then
      record.pools = nil
      write_waiter(ARGV[i], record, pools)
    end
  end
end
if closed == 0 then grant() end
local answers = {}
for i = first, #ARGV, 6 do answers[#answers + 1] = standing(ARGV[i], ARGV[i + 1]) end
return answers
