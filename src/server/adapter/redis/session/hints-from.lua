-- ARGV: a rank, how many at most. Reads only.
return redis.call('ZRANGE', hints, ARGV[1], ARGV[1] + ARGV[2] - 1, 'WITHSCORES')
