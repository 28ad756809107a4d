-- Takes a place among those that watch, unless one of the sets is full.
-- KEYS: the sets of places, each a sorted set by its places' ends
-- ARGV: the place's name, its life in ms, then for each set how many places it has
-- Answers 0, or the number of the first set that is full.
-- The time is that of Redis: instances needn't agree on theirs.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i, key in ipairs(KEYS) do
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
  if redis.call('ZCARD', key) >= tonumber(ARGV[2 + i]) then
    return i
  end
end
for _, key in ipairs(KEYS) do
  redis.call('ZADD', key, now + ARGV[2], ARGV[1])
  redis.call('PEXPIRE', key, ARGV[2])
end
return 0
