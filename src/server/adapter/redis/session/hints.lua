-- What every script on a node's hints begins with: sessions by when to look at them, in milliseconds of this server's TIME, with a
-- fraction, so that no two writes of one score are the same. +inf: while a connection has it.
local hints = KEYS[1]

local function at(inMs)
  if inMs == 'inf' then return '+inf' end
  local time = redis.call('TIME')
  return string.format('%.3f', time[1] * 1000 + time[2] / 1000 + tonumber(inMs))
end
