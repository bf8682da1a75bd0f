-- KEYS: a node's counter. Answers the counter as it then is, and the lineage.
-- Twice: the counter rises by two.
return { tostring(redis.call('INCR', KEYS[1])), lineageNow() }
