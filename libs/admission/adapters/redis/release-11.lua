-- Gives a line back, or keeps it a moment for a reconnect, if it is held under this token; whoever is owed a line and
-- waits gets it. While other tenants wait it is kept only when it is old enough, and not for who was in line before its
-- session ended (`kept-line.ts` says why).
-- ARGV 6 session id · 7 token · 8 ms to keep it for · 9 how old it must be · 10 the same if it was inherited
-- OUT  1 released · 0 not held under this token: nothing was freed
local closed = enter()
local line = held_by(ARGV[6], ARGV[7])
local may_keep = line and tonumber(ARGV[8]) > 0 and line.state == 'confirmed'
local back, wanted
if may_keep then
  load_queue()
  for _, waiter in ipairs(queue) do
    if stands_in(waiter, line.pool) and waiter.tenant ~= line.tenant then wanted = true break end
  end
  local age_min = tonumber(line.inherited and ARGV[10] or ARGV[9])
  if wanted and now - tonumber(line.since) < age_min then may_keep = false end
end
if may_keep then
  -- Who broke off may have come back before its old connection was settled: then its call is in line already.
  for _, waiter in ipairs(queue) do
    if stands_in(waiter, line.pool) and same_place(at(waiter, line.pool), line) then
      if waiter.back == line.pool then back = waiter break end
      if not wanted then back = back or waiter end
    end
  end
  if back then
    leave_queue(back)
    drop_line(ARGV[6], line)
    take_line(back.session, at(back, line.pool), whole(now), true)
    redis.call('PUBLISH', STATE .. ':granted:' .. back.replica, back.session)
  else
    has_settled(ARGV[6], line)
    line.state = 'kept'
    write_line(ARGV[6], line, now + tonumber(ARGV[8]))
  end
elseif line then
  give_back_rate(line)
  drop_line(ARGV[6], line)
  freed(line.pool)
end
give_out(closed)
return line and 1 or 0
