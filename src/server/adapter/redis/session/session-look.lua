-- ARGV: session id. Reads only.
local record = load(id)
if not record then return false end
return { cjson.encode(record), lookInMs(record) }
