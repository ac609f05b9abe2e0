-- Says of a confirmed line that its session is being settled, so that it comes free in a moment.
-- ARGV 6 session id · 7 token
-- OUT  1 said · 0 not held under this token, or not confirmed
enter_and_give_out()
local line = held_by(ARGV[6], ARGV[7])
if not line or line.state ~= 'confirmed' then return 0 end
if not line.ending then begins_to_settle(ARGV[6], line) end
return 1
