-- ARGV: sessions. Each has a hint from then on; one that it has stays as it is. Twice: nothing more happens.
for i = 1, #ARGV, 1000 do
  local added = {}
  for j = i, math.min(i + 999, #ARGV) do
    added[#added + 1] = '+inf'
    added[#added + 1] = ARGV[j]
  end
  redis.call('ZADD', hints, 'NX', unpack(added))
end
return 1
