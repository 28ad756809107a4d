-- Adds what an instance has counted to counters, once, however often it is asked to.
-- KEYS: mark of this batch, then the counters   ARGV: life of the mark in ms, life of the counters
-- in ms, then the increments
if not redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[1]) then return 0 end
for i = 2, #KEYS do
  redis.call('INCRBY', KEYS[i], ARGV[i + 1])
  redis.call('PEXPIRE', KEYS[i], ARGV[2])
end
return 1
