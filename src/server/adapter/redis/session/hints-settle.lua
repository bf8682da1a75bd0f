-- ARGV: triples of a session, the score that its hint had when its record was looked at, and what the record said: in how many
-- milliseconds to look again, or 'gone'. Twice, or after another wrote the hint: the score is another, and the hint stays.
for i = 1, #ARGV, 3 do
  if redis.call('ZSCORE', hints, ARGV[i]) == ARGV[i + 1] then
    if ARGV[i + 2] == 'gone' then
      redis.call('ZREM', hints, ARGV[i])
    else
      redis.call('ZADD', hints, at(ARGV[i + 2]), ARGV[i])
    end
  end
end
return 1
