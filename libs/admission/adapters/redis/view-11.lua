-- What operators see of the queue and of a pool's pause. Changes nothing.
-- ARGV 6 pool id
-- OUT  {now, ms for which the pool is paused, then for each call in line 2: session id, its record}
load_queue()
local out = { whole(now), whole(paused_for(ARGV[6])) }
for _, waiter in ipairs(queue) do
  if waiter.pool == ARGV[6] then
    out[#out + 1] = waiter.session
    out[#out + 1] = redis.call('HGET', WAITERS, waiter.session)
  end
end
return out
