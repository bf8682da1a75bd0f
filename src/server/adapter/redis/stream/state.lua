-- A stream as it is. Only reads, but for the new epoch of another lineage; twice does no harm. ARGV: seed of a new epoch.
local stream = openStream(tonumber(ARGV[1]))
if not stream then return false end
return stateOf(stream)
