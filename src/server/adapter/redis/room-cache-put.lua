-- KEYS: a room's record. ARGV: the record as JSON, empty where there is no such room; for how long it is fresh, and then stale.
-- Twice: it is fresh a little longer, by what the answer took. The JSON is not decoded here: numbers and empty lists would not survive it.
local freshMs, staleMs = tonumber(ARGV[2]), tonumber(ARGV[3])
if freshMs + staleMs <= 0 then return redis.call('DEL', KEYS[1]) end
local time = redis.call('TIME')
local freshUntilMs = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000) + freshMs)
local what = ARGV[1] == '' and '"noSuchRoom":true' or '"record":' .. ARGV[1]
redis.call('SET', KEYS[1], '{"freshUntilMs":' .. freshUntilMs .. ',' .. what .. '}', 'PX', freshMs + staleMs)
return 1
