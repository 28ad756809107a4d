-- Adds what an instance has counted to the sums, once, however often it is asked to.
-- KEYS: sums, mark of this batch   ARGV: now in ms, life of the mark in ms, then fields and
-- increments
if not redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[2]) then return 0 end
redis.call('HSETNX', KEYS[1], 'since', ARGV[1])
for i = 3, #ARGV, 2 do
  redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1])
end
return 1
