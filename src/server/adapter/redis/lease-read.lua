-- KEYS: a node's counter. Reads only.
local lineage = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
return { redis.call('GET', KEYS[1]) or '0', lineage or '' }
