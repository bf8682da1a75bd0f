-- What every script on a user's sessions begins with. KEYS: the records by session id; two views for operators, that no script
-- decides by (session to node; sessions in their window by deadline); what is left of this session when it is forgotten.
-- ARGV[1]: the session id. A record is JSON. All times are milliseconds of this server's TIME, below 2^53 and 14 digits.
--
-- While the slot is on its way to another server, a script with a key that is not where it was sent is refused before it begins, and one
-- that comes upon such a key later fails there, half done. All but the first are not there most of the time, so a script that decides
-- by the record alone is then run with KEYS[1] alone: the views are right again with the next one that has all keys. For the same
-- reason nothing is deleted and touched again.
local isLean = #KEYS == 1
local sessions, nodes, disconnecting, tombstone = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local id = ARGV[1]

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function load(of)
  local json = redis.call('HGET', sessions, of)
  return json and cjson.decode(json)
end

-- Reads, decodes and encodes come before it: nothing may fail after the first write. An empty `rooms` is {} either way.
local function save(of, record)
  local json = cjson.encode(record)
  redis.call('HSET', sessions, of, json)
  if isLean then return json end
  if record.phase == 'ended' then
    redis.call('HDEL', nodes, of)
  else
    redis.call('HSET', nodes, of, record.node)
  end
  if record.phase == 'detached' then
    redis.call('ZADD', disconnecting, record.deadlineMs, of)
  else
    redis.call('ZREM', disconnecting, of)
  end
  return json
end

-- The record, where it may still act with this gen.
local function current(gen)
  local record = load(id)
  return record and record.gen == tonumber(gen) and record.phase ~= 'ended' and record
end

-- No session has had as many gens that were lost.
local aboveLost = 65536

-- Above every gen that the session may have had: of another lineage some may be lost, and nobody may have one of those again.
local function raiseGen(record)
  local lineage = lineageNow()
  record.gen = record.gen + (record.lineage == lineage and 1 or aboveLost)
  record.lineage = lineage
end

local function detach(record, windowMs)
  record.phase = 'detached'
  record.deadlineMs = now() + windowMs
end

-- How long until the record is to be looked at: 'inf' while a connection has it.
local function lookInMs(record)
  if record.phase == 'attached' then return 'inf' end
  if record.phase == 'ended' then return '0' end
  return string.format('%.0f', math.max(0, record.deadlineMs - now()))
end
