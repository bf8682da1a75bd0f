-- ARGV: a score to begin after, how many at most. Those that are to be looked at by now, the earliest first. Reads only.
return redis.call('ZRANGEBYSCORE', hints, ARGV[1], at('0'), 'WITHSCORES', 'LIMIT', 0, ARGV[2])
