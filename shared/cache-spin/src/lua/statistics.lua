-- Adds what an instance has counted to the sums, and to those of this minute and this quarter of an
-- hour, once, however often it is asked to. Keys whose hits were sampled go to a sorted set, which
-- keeps the most frequent ones.
-- KEYS: sums, mark of this batch, sampled keys, buckets   ARGV: now in ms, life of the mark in ms,
-- life of a bucket in ms; how many samples follow, how many keys are kept, their life in ms, the
-- samples; how many of the following are for the sums, then fields and increments: of the sums, of
-- the buckets
if not redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[2]) then return 0 end
redis.call('HSETNX', KEYS[1], 'since', ARGV[1])
local first = 8 + ARGV[4]
local rest = first + ARGV[first - 1]
for i = first, rest - 1, 2 do
  redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1])
end
for bucket = 4, #KEYS do
  for i = rest, #ARGV, 2 do
    redis.call('HINCRBY', KEYS[bucket], ARGV[i], ARGV[i + 1])
  end
  redis.call('PEXPIRE', KEYS[bucket], ARGV[3])
end
if first > 8 then
  for i = 7, first - 2 do
    redis.call('ZADD', KEYS[3], 'INCR', 1, ARGV[i])
  end
  for _, key in ipairs(redis.call('ZRANGE', KEYS[3], 0, -1 - ARGV[5])) do
    redis.call('ZREM', KEYS[3], key)
  end
  redis.call('PEXPIRE', KEYS[3], ARGV[6])
end
return 1
