-- ARGV: session id, gen, window. Answers the node that looks after it, and when it has to.
-- Twice: the deadline stays as it is.
local record = current(ARGV[2])
if not record then return false end
if record.phase == 'attached' then
  detach(record, tonumber(ARGV[3]))
  save(id, record)
end
return { record.node, lookInMs(record) }
