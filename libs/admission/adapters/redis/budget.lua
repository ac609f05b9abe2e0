-- Put behind a clock and in front of every step of the budget: what is kept of one tenant, and how it stands. Does what
-- `core/budget/budget-book.ts` does.
--
-- Data, all under the tenant's hash tag; every step takes all four keys in this order:
--   1 spend   hash  for p in day, month: <p> the period's number; <p>_spent; <p>_primed; <p>_told:<limit> how many
--                   thresholds were told; and last_turn. All amounts in billionths of a dollar
--   2 turns   zset  turn id by the ms at which its reservation lapses
--   3 held    hash  turn id -> what is reserved for it; '' -> their sum
--   4 tokens  hash  Unix second -> tokens of that second
-- Every step takes as ARGV 1-8: how long a reservation lasts in ms, the three marks of the day's limit, those of the
-- month's (empty: no limit), and tokens a minute (empty: no limit); its own arguments follow.
-- All keys lapse when nobody used them for long: the ledger knows what was spent.
local SPEND, TURNS, HELD, TOKENS = unpack(KEYS)
local RESERVATION = tonumber(ARGV[1])
local TOKENS_MAX = tonumber(ARGV[8])
local MARKS = { day = { ARGV[2], ARGV[3], ARGV[4] }, month = { ARGV[5], ARGV[6], ARGV[7] } }
local PERCENT = { 50, 80, 100 }
local WINDOW_S = 60
local SPEND_TTL_S = 40 * 86400

-- Numbers as text without an exponent, which Redis would write for large ones.
local function whole(number) return string.format('%.0f', number) end

-- Twelve times the year, plus the month from 0, of a day counted from 1970 (the proleptic Gregorian calendar in eras of
-- 400 years that begin in March).
local function month_of(day)
  local shifted = day + 719468
  local era = math.floor(shifted / 146097)
  local of_era = shifted - era * 146097
  local year = math.floor((of_era - math.floor(of_era / 1460) + math.floor(of_era / 36524) - math.floor(of_era / 146096)) / 365)
  local of_year = of_era - (365 * year + math.floor(year / 4) - math.floor(year / 100))
  local march_based = math.floor((5 * of_year + 2) / 153)
  local month = march_based < 10 and march_based + 2 or march_based - 10
  if month < 2 then year = year + 1 end
  return (year + era * 400) * 12 + month
end

-- A period that is over makes way for the next; a clock that goes back does not bring it again.
local function roll(period, current)
  local known = redis.call('HGET', SPEND, period)
  if known and tonumber(known) >= current then return end
  for _, field in ipairs(redis.call('HKEYS', SPEND)) do
    if string.sub(field, 1, #period + 1) == period .. '_' then redis.call('HDEL', SPEND, field) end
  end
  redis.call('HSET', SPEND, period, whole(current))
end

local function held_sum()
  return tonumber(redis.call('HGET', HELD, '') or 0)
end

local function hold(turn, amount)
  redis.call('HSET', HELD, turn, amount, '', whole(held_sum() + tonumber(amount)))
  redis.call('ZADD', TURNS, whole(now + RESERVATION), turn)
  -- Nothing in them outlives a reservation; by the server's own time, so only as a broom.
  redis.call('PEXPIRE', HELD, 2 * RESERVATION)
  redis.call('PEXPIRE', TURNS, 2 * RESERVATION)
end

local function drop(turn)
  local amount = redis.call('HGET', HELD, turn)
  if not amount then return false end
  redis.call('ZREM', TURNS, turn)
  redis.call('HDEL', HELD, turn)
  redis.call('HSET', HELD, '', whole(held_sum() - tonumber(amount)))
  return true
end

local function enter()
  local day = math.floor(now / 86400000)
  roll('day', day)
  roll('month', month_of(day))
  redis.call('EXPIRE', SPEND, SPEND_TTL_S)
  for _, turn in ipairs(redis.call('ZRANGEBYSCORE', TURNS, '-inf', whole(now))) do drop(turn) end
end

local function spent_in(period)
  return tonumber(redis.call('HGET', SPEND, period .. '_spent') or 0)
end

-- The seconds of the window, oldest first, and the tokens in them.
local function token_window()
  local first = math.floor(now / 1000) - WINDOW_S + 1
  local seconds, used, found = {}, 0, redis.call('HGETALL', TOKENS)
  for i = 1, #found, 2 do
    local second = tonumber(found[i])
    if second < first then
      redis.call('HDEL', TOKENS, found[i])
    else
      seconds[#seconds + 1] = { second, tonumber(found[i + 1]) }
      used = used + tonumber(found[i + 1])
    end
  end
  table.sort(seconds, function(a, b) return a[1] < b[1] end)
  return seconds, used
end

local function tokens_denial(seconds, used)
  local left = used
  if left < TOKENS_MAX then return nil end
  for _, entry in ipairs(seconds) do
    left = left - entry[2]
    if left < TOKENS_MAX then return { 'tokens', '', whole(used), whole((entry[1] + WINDOW_S) * 1000 - now) } end
  end
  return nil
end

local function limit_denial(kind, spent, more)
  for _, period in ipairs({ 'month', 'day' }) do
    local limit = tonumber(MARKS[period][3])
    if limit and spent[period] + more >= limit then return { kind, period, '0', '0' } end
  end
  return nil
end

local function crossings(period, spent, into)
  local marks = MARKS[period]
  if marks[3] == '' then return end
  local field = period .. '_told:' .. marks[3]
  local before, reached = tonumber(redis.call('HGET', SPEND, field) or 0), 0
  for i = 1, 3 do if spent >= tonumber(marks[i]) then reached = i end end
  if reached <= before then return end
  redis.call('HSET', SPEND, field, reached)
  for i = before + 1, reached do
    into[#into + 1] = period
    into[#into + 1] = PERCENT[i]
  end
end

-- OUT  {1 if primed, kind of denial or '', its period, tokens used, ms to wait, tokens of the last minute or '' without a
--      limit, ms until all of them are a minute old, then period and percent of each crossing}
local function standing()
  local spent = { day = spent_in('day'), month = spent_in('month') }
  local denial = limit_denial('spent', spent, 0) or limit_denial('held', spent, held_sum())
  local minute, reset = '', '0'
  if TOKENS_MAX then
    local seconds, used = token_window()
    denial = denial or tokens_denial(seconds, used)
    minute = whole(used)
    if #seconds > 0 then reset = whole((seconds[#seconds][1] + WINDOW_S) * 1000 - now) end
  end
  local primed = redis.call('HMGET', SPEND, 'day_primed', 'month_primed')
  local out = { (primed[1] and primed[2]) and 1 or 0 }
  for i = 1, 4 do out[#out + 1] = (denial or { '', '', '0', '0' })[i] end
  out[#out + 1] = minute
  out[#out + 1] = reset
  crossings('day', spent.day, out)
  crossings('month', spent.month, out)
  return out, denial
end
