-- ARGV: session id, gen, room id, peer id, join.
-- Twice: the same join is written again. Late, after its removal: a room too many, which the list may have.
local record = current(ARGV[2])
if not record then return 0 end
record.rooms[ARGV[3]] = { peerId = ARGV[4], join = ARGV[5] }
save(id, record)
return 1
