-- ARGV: triples of a session, the score that its hint had when its record was looked at, and what the record said: in how many
-- milliseconds to look again, or 'gone'. Twice, or after another wrote the hint: the score is another, and the hint stays.
-- What goes is removed last: where the slot is on its way to another server, a key that went with it could not be touched again.
local gone = {}
for i = 1, #ARGV, 3 do
  if redis.call('ZSCORE', hints, ARGV[i]) == ARGV[i + 1] then
    if ARGV[i + 2] == 'gone' then
      gone[#gone + 1] = ARGV[i]
    else
      redis.call('ZADD', hints, at(ARGV[i + 2]), ARGV[i])
    end
  end
end
for from = 1, #gone, 1000 do redis.call('ZREM', hints, unpack(gone, from, math.min(from + 999, #gone))) end
return 1
