-- Where the stream is, and the last offset that was announced to a node. Only reads. ARGV: node. Answers nothing where there is no stream.
local found = redis.call('HMGET', stateKey, 'epoch', 'top', 'all')
if not found[1] then return false end
return { tonumber(found[1]), tonumber(found[2]), math.max(tonumber(found[3]), lastDirectedTo(ARGV[1])) }
