-- Put in front of every script by scripts.ts. Time is the store's (TIME), in milliseconds; replicas' clocks are never used.
--
-- Data, all under one hash tag (one slot of a cluster):
--   {slot}:epoch         hash  beat (last script of any replica), recovering_until, fence (last one given), since
--   {slot}:lease:<sid>   hash  token, fence, state, since, expires, replica, key, tenant, pool
--   {slot}:<scope>:<id>  zset  member = session id, score = expiry; one per key, tenant and pool
-- A line is held while now < expires, in the hash and in all three sets alike. Keys expire by themselves gc ms after
-- their last change, which is longer than any lease lives.

local function now_ms()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- Says that a replica is alive, and answers how long admissions stay closed. The store may have lost its memory (no
-- epoch) or have been out of everybody's reach (nobody spoke for silence_max ms): leases may then have lapsed that
-- living sessions could not renew, and these must be counted again before anybody new.
local function enter(epoch, now, silence_max, recovery)
  local was = redis.call('HMGET', epoch, 'beat', 'recovering_until')
  local beat, closed_until = tonumber(was[1]), tonumber(was[2]) or 0
  if not beat then redis.call('HSET', epoch, 'since', now) end
  if not beat or now - beat > silence_max then closed_until = now + recovery end
  redis.call('HSET', epoch, 'beat', now, 'recovering_until', closed_until)
  return math.max(0, closed_until - now)
end

-- The token under which the session's line is held now, or nil.
local function living_token(record, now)
  local held = redis.call('HMGET', record, 'token', 'expires')
  if held[1] and (tonumber(held[2]) or 0) > now then return held[1] end
  return nil
end

-- Sets the expiry of a line in its hash and in its three sets (KEYS[first] .. KEYS[first + 2]).
local function keep_until(record, first, session, expires, gc)
  redis.call('HSET', record, 'expires', expires)
  redis.call('PEXPIRE', record, gc)
  for i = first, first + 2 do
    redis.call('ZADD', KEYS[i], expires, session)
    redis.call('PEXPIRE', KEYS[i], gc)
  end
end

-- Drops lapsed lines from the three sets and answers the first limit that has no room: its place (1 to 3), the lines
-- counted and the first expiry among them. caps: three numbers, below 0 = no cap.
local function first_full(first, caps, now)
  for i = 0, 2 do
    redis.call('ZREMRANGEBYSCORE', KEYS[first + i], '-inf', now)
  end
  for i = 0, 2 do
    local cap = tonumber(caps[i + 1])
    if cap >= 0 then
      local count = redis.call('ZCARD', KEYS[first + i])
      if count >= cap then
        local next_line = redis.call('ZRANGE', KEYS[first + i], 0, 0, 'WITHSCORES')
        return i + 1, count, tonumber(next_line[2]) or now
      end
    end
  end
  return nil
end
