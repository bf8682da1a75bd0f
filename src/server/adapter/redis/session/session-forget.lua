-- ARGV: session id, how long its end is told. Answers the node that had it.
-- Twice: the record is gone, and nothing is done.
local record = load(id)
if not record or record.phase ~= 'ended' then return false end
local keepMs = tonumber(ARGV[2])
local left = cjson.encode({ secretHash = record.secretHash, ended = record.ended })
if keepMs > 0 then redis.call('SET', tombstone, left, 'PX', keepMs) end
redis.call('HDEL', nodes, id)
redis.call('ZREM', disconnecting, id)
redis.call('HDEL', sessions, id)
return record.node
