-- Makes a held line confirmed and prolongs it. Never puts a lapsed one back.
-- ARGV 6 session id · 7 token
-- OUT  1 confirmed · 0 not held under this token
enter_and_give_out()
local line = held_by(ARGV[6], ARGV[7])
if not line then return 0 end
line.state = 'confirmed'
write_line(ARGV[6], line, now + CONFIRMED)
return 1
