-- ARGV: session id, gen, reason. The one place that decides between a client that comes back and a reaper that gives it up.
-- Twice: it has ended with this gen, and is answered as that.
local reason = ARGV[3]
local record = load(id)
if not record or record.gen ~= tonumber(ARGV[2]) then return false end
if record.phase == 'ended' then return cjson.encode(record) end
if reason == 'lost' and (record.phase ~= 'detached' or record.deadlineMs > now()) then return false end
record.phase = 'ended'
record.ended = reason
return save(id, record)
