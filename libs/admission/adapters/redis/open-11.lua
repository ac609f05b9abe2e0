-- Called when a process starts. A caller that is certain that no session is open anywhere spares a new or long idle
-- store its recovery window; a window that is already open stays open.
-- ARGV 6 '1' = certain that no session is open
-- OUT  ms for which admissions stay closed
if ARGV[6] == '1' then redis.call('HSET', STATE, 'beat', whole(now), 'server', this_server()) end
return enter_and_give_out()
