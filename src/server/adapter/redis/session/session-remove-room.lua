-- ARGV: session id, gen, room id, join.
-- Twice, or late: a join that was begun since is another.
local record = current(ARGV[2])
if not record then return 0 end
local held = record.rooms[ARGV[3]]
if not held or held.join ~= ARGV[4] then return 0 end
record.rooms[ARGV[3]] = nil
save(id, record)
return 1
