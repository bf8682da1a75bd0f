-- A position that was announced or acknowledged to this node. If entries up to there were lost, nobody knows who should have had them:
-- everybody is to be told, so no earlier position stays good. Twice does no harm: the second time its epoch is not known.
-- ARGV: seed of a new epoch, epoch, offset. Answers whether it was lost.
local seed, epoch, offset = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local stream = openStream(seed)
if not stream or not isLost(stream, epoch, offset) then return 0 end
breakOff(stream, seed)
return 1
