-- Takes the sampled keys and begins anew.
-- KEYS: the sampled keys   ARGV: how many are wanted at most
-- Answers the most frequent ones, each followed by how often it was sampled.
local hot = redis.call('ZRANGE', KEYS[1], -ARGV[1], -1, 'WITHSCORES')
redis.call('DEL', KEYS[1])
return hot
