-- Counts what was used, in place of the reservation if there is one. Also releases: with nothing used.
-- ARGV 9 turn id, 10 what it cost, 11 tokens
-- OUT  the standing
enter()
local was_held = drop(ARGV[9])
if ARGV[10] ~= '0' then
  if was_held then redis.call('HSET', SPEND, 'last_turn', ARGV[10]) end
  redis.call('HINCRBY', SPEND, 'day_spent', ARGV[10])
  redis.call('HINCRBY', SPEND, 'month_spent', ARGV[10])
end
if ARGV[11] ~= '0' then
  redis.call('HINCRBY', TOKENS, whole(math.floor(now / 1000)), ARGV[11])
  redis.call('EXPIRE', TOKENS, 2 * WINDOW_S)
  if not TOKENS_MAX then token_window() end
end
return (standing())
