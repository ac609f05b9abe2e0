-- Put in front of every script by scripts.ts. Time is the store's (TIME), in milliseconds; replicas' clocks are never used.
--
-- Data, all under one hash tag (one slot of a cluster):
--   {slot}:epoch         hash  beat (last word of any replica, to the second), recovering_until, fence (last one given)
--   {slot}:lease:<sid>   hash  token, fence, state, since, expires, replica, key, tenant, pool
--   {slot}:<scope>:<id>  zset  member = session id, score = expiry; one per key, tenant and pool
-- A line is held while now < expires, in the hash and in all three sets alike. Keys expire by themselves gc ms after
-- their last acquisition or renewal, which is longer than any lease lives. Lapsed members are dropped from a set when
-- its limit looks full, and at every renewal of one of its lines.

-- A beat is written at most this often: it is compared with silences of many seconds.
local BEAT_MS = 1000

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

-- Says that a replica is alive. Answers how long admissions stay closed, and the last fence. The store may have lost its
-- memory (no epoch) or have been out of everybody's reach (nobody spoke for silence_max ms): leases may then have lapsed
-- that living sessions could not renew, and these must be counted again before anybody new.
local function enter(epoch, silence_max, recovery)
  local was = redis.call('HMGET', epoch, 'beat', 'recovering_until', 'fence')
  local beat, closed_until = tonumber(was[1]), tonumber(was[2]) or 0
  if not beat or now - beat > tonumber(silence_max) then
    closed_until = now + tonumber(recovery)
    redis.call('HSET', epoch, 'beat', now, 'recovering_until', closed_until)
  elseif now - beat >= BEAT_MS then
    redis.call('HSET', epoch, 'beat', now)
  end
  return math.max(0, closed_until - now), tonumber(was[3]) or 0
end

-- The token under which the session's line is held now, or nil.
local function living_token(record)
  local held = redis.call('HMGET', record, 'token', 'expires')
  if held[1] and (tonumber(held[2]) or 0) > now then return held[1] end
  return nil
end

-- Counts a line in its three sets (KEYS[first] .. KEYS[first + 2]) until it expires.
local function count_until(first, session, expires, gc)
  for i = first, first + 2 do
    redis.call('ZADD', KEYS[i], expires, session)
    redis.call('PEXPIRE', KEYS[i], gc)
  end
end

-- The lines that a full limit counts once lapsed ones are dropped.
local function living_count(set)
  redis.call('ZREMRANGEBYSCORE', set, '-inf', now)
  return redis.call('ZCARD', set)
end

-- The first of three limits that has no room: its place (1 to 3), the lines counted, and ms until the first of them
-- lapses. The caps are ARGV[cap] .. ARGV[cap + 2], below 0 = none.
local function first_full(first, cap)
  for i = 0, 2 do
    local max, set = tonumber(ARGV[cap + i]), KEYS[first + i]
    if max >= 0 and redis.call('ZCARD', set) >= max then
      local count = living_count(set)
      if count >= max then
        local next_line = redis.call('ZRANGE', set, 0, 0, 'WITHSCORES')
        return i + 1, count, math.max(0, (tonumber(next_line[2]) or now) - now)
      end
    end
  end
  return nil
end
