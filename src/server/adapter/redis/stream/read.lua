-- Entries after a position, on all routes. Only reads, but for the new epoch of another lineage; twice does no harm.
-- ARGV: seed of a new epoch, epoch, offset, most bytes. Answers nothing where the position is lost, 0 where the log does not reach back to
-- it, else the head's epoch and offset, and the entries.
local stream = openStream(tonumber(ARGV[1]))
local epoch, offset, maxBytes = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
if not stream or not isKnown(stream, epoch, offset) then return false end
if offset < stream.top and isLogOver(stream, nowMs()) then return 0 end

local result, bytes, at = { stream.epoch, stream.top }, 0, offset
while at < stream.top do
  local piece = redis.call('XRANGE', logKey, whole(at + 1) .. '-0', whole(stream.top) .. '-0', 'COUNT', 64)
  for _, item in ipairs(piece) do
    local id, packed = tonumber(string.match(item[1], '^%d+')), item[2][2]
    -- The log does not reach back so far, or has a hole.
    if id ~= at + 1 then return 0 end
    bytes = bytes + #packed - 20
    if bytes > maxBytes and #result > 2 then return result end
    result[#result + 1] = packed
    at = id
  end
  if #piece == 0 then return 0 end
end
return result
