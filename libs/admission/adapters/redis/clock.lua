-- Time is the store's, in whole milliseconds; replicas' clocks are never used.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
