-- An attempt was refused for good: its name is free, and it goes on counting.
-- cache_logic::limit::refuse is its model.
-- KEYS: for each window its attempts, a sorted set by time
-- ARGV: the attempt's name, a name for it as a refused one, then for each window its quota and its
-- length in ms
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i, key in ipairs(KEYS) do
  local quota, length = tonumber(ARGV[2 * i + 1]), tonumber(ARGV[2 * i + 2])
  -- One that came while another of its name was admitted hasn't been counted yet.
  local at = redis.call('ZSCORE', key, ARGV[1]) or now
  redis.call('ZREM', key, ARGV[1])
  redis.call('ZADD', key, at, 'refused/' .. ARGV[2])
  redis.call('PEXPIRE', key, length)
  if redis.call('ZCARD', key) > 2 * quota then
    for _, name in ipairs(redis.call('ZRANGE', key, 0, -1)) do
      if name:sub(1, 8) == 'refused/' then
        redis.call('ZREM', key, name)
        break
      end
    end
  end
end
return 1
