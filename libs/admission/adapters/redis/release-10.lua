-- Gives a line back, or keeps it a moment for a reconnect, if it is held under this token; whoever is owed a line and
-- waits gets it.
-- ARGV 6 session id · 7 token · 8 ms to keep it for
-- OUT  1 released · 0 not held under this token: nothing was freed
local closed = enter()
local line = held_by(ARGV[6], ARGV[7])
if line and tonumber(ARGV[8]) > 0 and line.state == 'confirmed' then
  line.state = 'kept'
  write_line(ARGV[6], line, now + tonumber(ARGV[8]))
elseif line then
  drop_line(ARGV[6], line)
  freed(line.pool)
end
if closed == 0 then grant() end
return line and 1 or 0
