-- One attempt against one sliding window, counted whether it is admitted or not; cache_logic::limit::Log is its model.
-- KEYS: the attempts, a sorted set by time   ARGV: the attempt's name, a name for it where it is refused, quota, window in ms
-- Answers {1 or 0: admitted, how many count, ms until fewer than the quota do}
-- The time is that of Redis: instances needn't agree on theirs.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local key, quota, window = KEYS[1], tonumber(ARGV[3]), tonumber(ARGV[4])
redis.call('ZREMRANGEBYSCORE', key, '-inf', now - window)
local count = redis.call('ZCARD', key)
local admitted = 1
if not redis.call('ZSCORE', key, ARGV[1]) then
  if count < quota then
    redis.call('ZADD', key, now, ARGV[1])
  else
    admitted = 0
    redis.call('ZADD', key, now, 'refused/' .. ARGV[2])
  end
  count = count + 1
  redis.call('PEXPIRE', key, window)
  if count > 2 * quota then
    -- The oldest refused one decides nothing any more. What was admitted stays: it may come again.
    for _, name in ipairs(redis.call('ZRANGE', key, 0, -1)) do
      if name:sub(1, 8) == 'refused/' then
        redis.call('ZREM', key, name)
        count = count - 1
        break
      end
    end
  end
end
local first = redis.call('ZRANGE', key, math.max(0, count - quota), math.max(0, count - quota), 'WITHSCORES')
local frees = math.max(0, math.min(first[2] + window - now, window))
return {admitted, math.min(count, quota), math.floor(frees)}
