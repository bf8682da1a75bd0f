-- The id of the data set's history: it changes with every restart and every promotion.
local function lineageNow()
  local info = redis.call('INFO', 'replication')
  -- A plain search: a pattern is tried anew at each character before it.
  local _, at = string.find(info, 'master_replid:', 1, true)
  return string.sub(info, at + 1, at + 40)
end
