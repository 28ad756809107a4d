-- One attempt against all of its sliding windows, counted whether it is admitted or not;
-- cache_logic::limit::attempt is its model.
-- KEYS: for each window its attempts, a sorted set by time
-- ARGV: the attempt's name ('': none is made, it is only asked whether there is room), a name for
-- it if it is refused, then for each window its quota and its length in ms
-- Answers, for each window: 1 or 0 (there was room), how many attempts count, ms until fewer than
-- the quota do
-- The time is that of Redis: instances needn't agree on theirs.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local room, known, all = {}, {}, true
for i, key in ipairs(KEYS) do
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - ARGV[2 * i + 2])
  known[i] = redis.call('ZSCORE', key, ARGV[1])
  room[i] = (known[i] or redis.call('ZCARD', key) < tonumber(ARGV[2 * i + 1])) and 1 or 0
  all = all and room[i] == 1
end
local answer = {}
for i, key in ipairs(KEYS) do
  local quota, length = tonumber(ARGV[2 * i + 1]), tonumber(ARGV[2 * i + 2])
  if ARGV[1] ~= '' and not known[i] then
    redis.call('ZADD', key, now, all and ARGV[1] or 'refused/' .. ARGV[2])
    redis.call('PEXPIRE', key, length)
    if redis.call('ZCARD', key) > 2 * quota then
      -- The oldest refused one decides nothing any more. An admitted one stays: it may come again.
      for _, name in ipairs(redis.call('ZRANGE', key, 0, -1)) do
        if name:sub(1, 8) == 'refused/' then
          redis.call('ZREM', key, name)
          break
        end
      end
    end
  end
  local count = redis.call('ZCARD', key)
  local first = math.max(0, count - quota)
  local frees = (redis.call('ZRANGE', key, first, first, 'WITHSCORES')[2] or now - length) + length - now
  answer[#answer + 1] = room[i]
  answer[#answer + 1] = math.min(count, quota)
  answer[#answer + 1] = math.floor(math.max(0, math.min(frees, length)))
end
return answer
