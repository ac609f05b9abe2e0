-- Takes a call out of line, in all pools.
-- ARGV 6 session id · 7 token
-- OUT  {'granted', pool, fence, then what own_use says} it was given a line a moment before · {'gone'}
local closed = enter()
load_queue()
for _, waiter in ipairs(queue) do
  if waiter.session == ARGV[6] and waiter.token == ARGV[7] then leave_queue(waiter) break end
end
give_out(closed)
return standing(ARGV[6], ARGV[7])
