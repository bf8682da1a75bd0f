-- Where the stream is, and the last offset that was announced to a node. ARGV: node. Answers nothing where there is no stream.
-- Only reads, but that it empties the log of a stream with members whose time is over, before the key expires: twice does no harm.
local found = redis.call('HMGET', stateKey, 'epoch', 'top', 'all', 'logUntil', 'empty')
if not found[1] then return false end
local isOver = not found[5] and isLogOver({ logUntil = found[4] and tonumber(found[4]) }, nowMs())
if isOver and redis.call('PERSIST', logKey) == 1 then redis.call('XTRIM', logKey, 'MAXLEN', '0') end
return { tonumber(found[1]), tonumber(found[2]), math.max(tonumber(found[3]), lastDirectedTo(ARGV[1])) }
