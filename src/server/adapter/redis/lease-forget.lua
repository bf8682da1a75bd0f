-- KEYS: a node's counter. ARGV: what it was. Answers whether the counter is gone.
-- Twice: it is gone already, or the node renewed in between and has another.
local counter = redis.call('GET', KEYS[1])
if counter and counter ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
return 1
