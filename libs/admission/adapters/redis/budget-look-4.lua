-- How the tenant stands; raises what was counted to what the ledger recorded, where it is of the same period.
-- ARGV 9 day, 10 its amount, 11 month, 12 its amount (none of them: nothing is recorded)
-- OUT  the standing
enter()
for i, period in ipairs({ 'day', 'month' }) do
  local number, amount = ARGV[7 + 2 * i], ARGV[8 + 2 * i]
  if number and number == redis.call('HGET', SPEND, period) then
    if tonumber(amount) > spent_in(period) then redis.call('HSET', SPEND, period .. '_spent', amount) end
    redis.call('HSET', SPEND, period .. '_primed', 1)
  end
end
return (standing())
