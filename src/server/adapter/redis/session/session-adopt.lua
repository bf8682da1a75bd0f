-- ARGV: session id, the dead node, the adopting one, a name of this call.
-- Twice: the record names the call that was carried out last, and is answered as that. Late, after the session moved on: the record
-- names the dead node no more.
local dead, node, call = ARGV[2], ARGV[3], ARGV[4]
local record = load(id)
if not record then return false end
if record.call ~= call then
  if record.node ~= dead then return false end
  record.call = call
  record.before = dead
  record.node = node
  if record.phase ~= 'ended' then
    raiseGen(record)
    detach(record, record.windowMs)
  end
  save(id, record)
end
return { cjson.encode(record), lookInMs(record) }
