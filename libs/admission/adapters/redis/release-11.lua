-- Gives a line back, or keeps it a moment for a reconnect, if it is held under this token; whoever is owed a line and
-- waits gets it.
-- ARGV 6 session id · 7 token · 8 ms to keep it for
-- OUT  1 released · 0 not held under this token: nothing was freed
local closed = enter()
local line = held_by(ARGV[6], ARGV[7])
if line and tonumber(ARGV[8]) > 0 and line.state == 'confirmed' then
  -- Who broke off may have come back before its old connection was settled: then its call is in line already.
  load_queue()
  local back
  for _, waiter in ipairs(queue) do
    if same_place(waiter, line) then back = waiter break end
  end
  if back then
    leave_queue(back)
    drop_line(ARGV[6], line)
    take_line(back.session, back, whole(now))
    redis.call('PUBLISH', STATE .. ':granted:' .. back.replica, back.session)
  else
    line.state = 'kept'
    write_line(ARGV[6], line, now + tonumber(ARGV[8]))
  end
elseif line then
  drop_line(ARGV[6], line)
  freed(line.pool)
end
if closed == 0 then grant() end
return line and 1 or 0
