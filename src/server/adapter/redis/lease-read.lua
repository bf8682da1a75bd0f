-- KEYS: a node's counter. Reads only.
return { redis.call('GET', KEYS[1]) or '0', lineageNow() }
