-- Reserves for a turn, unless there is a denial.
-- ARGV 9 turn id, 10 what it will probably cost (empty: as much as the last turn), 11 what a first turn costs
-- OUT  the standing before the reservation
enter()
drop(ARGV[9])
local out, denial = standing()
if denial then return out end
local amount = ARGV[10]
if amount == '' then amount = redis.call('HGET', SPEND, 'last_turn') or ARGV[11] end
redis.call('HSET', HELD, ARGV[9], amount)
redis.call('ZADD', TURNS, whole(now + RESERVATION), ARGV[9])
-- Nothing in them outlives a reservation; by the server's own time, so only as a broom.
redis.call('PEXPIRE', HELD, 2 * RESERVATION)
redis.call('PEXPIRE', TURNS, 2 * RESERVATION)
return out
