-- Reserves for a turn, unless there is a denial.
-- ARGV 9 turn id, 10 what it will probably cost (empty: as much as the last turn), 11 what a first turn costs
-- OUT  the standing before the reservation
enter()
drop(ARGV[9])
local out, denial = standing()
if denial then return out end
local amount = ARGV[10]
if amount == '' then amount = redis.call('HGET', SPEND, 'last_turn') or ARGV[11] end
hold(ARGV[9], amount)
return out
