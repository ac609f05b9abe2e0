-- Called when a process starts. A caller that is certain that no session is open anywhere spares a new or long idle
-- store its recovery window; a window that is already open stays open.
-- KEYS 1 epoch
-- ARGV 1 '1' = certain that no session is open · 2 silence max ms · 3 recovery ms
-- OUT  ms for which admissions stay closed
if ARGV[1] == '1' then redis.call('HSET', KEYS[1], 'beat', now) end
return (enter(KEYS[1], ARGV[2], ARGV[3]))
