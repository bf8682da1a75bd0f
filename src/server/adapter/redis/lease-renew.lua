-- KEYS: a node's counter. Answers the counter as it then is, and the lineage.
-- Twice: the counter rises by two.
local lineage = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
return { tostring(redis.call('INCR', KEYS[1])), lineage or '' }
