-- ARGV: session id, secret hash, node, window, attempt, a name of this call.
-- Twice: the record names the call that was carried out last; that one is answered as before. A call that is carried out late, after
-- another took the session, is refused by its attempt, which is lower.
local secretHash, node, windowMs, attempt, call = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
local record = load(id)
if not record and isLean then return redis.error_reply('TRYAGAIN what is left of the session can not be read now') end
local left = not record and redis.call('GET', tombstone)
local known = record or left and cjson.decode(left)
if not known or known.secretHash ~= secretHash then return { 'unknown' } end
if known.ended then return { 'ended', known.ended } end
if record.call == call then return { 'attached', cjson.encode(record), record.before } end
if attempt ~= 0 and attempt < record.attempt then return { 'overtaken' } end

record.call = call
record.before = record.node
raiseGen(record)
record.node = node
record.windowMs = windowMs
record.attempt = math.max(record.attempt, attempt)
record.phase = 'attached'
record.deadlineMs = 0
return { 'attached', save(id, record), record.before }
