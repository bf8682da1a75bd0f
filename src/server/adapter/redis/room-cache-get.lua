-- KEYS: a room's record. Answers it with the time, in milliseconds. Reads only.
local time = redis.call('TIME')
local cached = redis.call('GET', KEYS[1])
return cached and { cached, string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)) }
