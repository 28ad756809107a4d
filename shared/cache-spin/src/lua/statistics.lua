-- Adds what an instance has counted to the sums, and to those of this minute and this quarter of an
-- hour, once, however often it is asked to.
-- KEYS: sums, mark of this batch, buckets   ARGV: now in ms, life of the mark in ms, life of a
-- bucket in ms, how many of the following are for the sums, then fields and increments: of the
-- sums, of the buckets
if not redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[2]) then return 0 end
redis.call('HSETNX', KEYS[1], 'since', ARGV[1])
local rest = 5 + ARGV[4]
for i = 5, rest - 1, 2 do
  redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1])
end
for bucket = 3, #KEYS do
  for i = rest, #ARGV, 2 do
    redis.call('HINCRBY', KEYS[bucket], ARGV[i], ARGV[i + 1])
  end
  redis.call('PEXPIRE', KEYS[bucket], ARGV[3])
end
return 1
