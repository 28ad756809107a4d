-- One attempt against one sliding window, counted whether it is admitted or not; cache_logic::limit::Log is its model.
-- KEYS: the newest attempts, a sorted set by time   ARGV: the attempt's name, a name for it where it is refused, quota, window in ms
-- Answers {1 or 0: admitted, how many count, ms until one of them no longer does}
-- The time is that of Redis: instances needn't agree on theirs.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local quota, window = tonumber(ARGV[3]), tonumber(ARGV[4])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
local admitted = 1
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  local name = ARGV[1]
  if redis.call('ZCARD', KEYS[1]) >= quota then
    admitted = 0
    name = ARGV[2]
  end
  redis.call('ZADD', KEYS[1], now, name)
  -- More than the newest would decide nothing.
  redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -quota - 1)
  redis.call('PEXPIRE', KEYS[1], window)
end
local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
local frees = math.max(0, math.min(oldest[2] + window - now, window))
return {admitted, redis.call('ZCARD', KEYS[1]), math.floor(frees)}
