-- The lines of one limit that are held now, those that lapse first in front.
-- KEYS 1 key, tenant or pool set
-- ARGV 1 lines at most
-- OUT  now in ms, then for each line 2: session id, expiry in ms
local lines = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[1])
table.insert(lines, 1, now)
return lines
