-- ARGV: session id, secret hash, node, window, attempt, the gen that the node has, rooms as JSON, a name of this call.
-- Twice: the record names the call that was carried out last, and is answered as that. A record that is there decides.
local secretHash, node, windowMs, attempt, gen, call = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[8]
local record = load(id)
if record then return { record.call == call and 'restored' or 'there', cjson.encode(record) } end
local left = redis.call('GET', tombstone)
if left then return { 'ended', cjson.decode(left).ended } end
return { 'restored', save(id, {
  secretHash = secretHash, gen = gen + aboveLost, node = node, attempt = attempt, windowMs = windowMs, phase = 'attached',
  deadlineMs = 0, openedMs = now(), call = call, lineage = lineageNow(), rooms = cjson.decode(ARGV[7]),
}) }
