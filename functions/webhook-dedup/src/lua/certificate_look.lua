-- A certificate that has passed, or the right to fetch it. Each URL is fetched by one request at a
-- time, and all instances together fetch so many times a minute.
-- KEYS: certificate, its lock, fetches of the last minute, URLs seen lately, URLs seen before that
-- ARGV: '1' to fetch if it isn't known, holder, hold in ms, URL, fetches a minute, of which for
-- URLs seen before
-- Answers {'passed', pem}; {'unknown'}; {'failed', reason}; {'busy'}; {'fetch'}; {'limited', ms
-- until the next fetch may begin}.
local pem = redis.pcall('GET', KEYS[1])
if type(pem) == 'string' then return {'passed', pem} end
if ARGV[1] ~= '1' then return {'unknown'} end
local lock = redis.pcall('GET', KEYS[2])
if type(lock) == 'string' and redis.call('PTTL', KEYS[2]) >= 0 then
  if lock:sub(1, 7) == 'failed:' then return {'failed', lock:sub(8)} end
  return {'busy'}
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now - 60000)
local begun = redis.call('ZCARD', KEYS[3])
local open = tonumber(ARGV[5]) - tonumber(ARGV[6])
if begun >= open then
  -- A Bloom filter of a megabyte, four bits for each URL. It doesn't grow, so no flood can fill
  -- Redis.
  local hash, seen = redis.sha1hex(ARGV[4]), {true, true}
  local bits = {}
  for i = 1, 4 do bits[i] = tonumber(hash:sub(i * 6 - 5, i * 6), 16) % 8388608 end
  for k = 1, 2 do
    for i = 1, 4 do seen[k] = seen[k] and redis.call('GETBIT', KEYS[3 + k], bits[i]) == 1 end
  end
  if begun >= tonumber(ARGV[5]) or not (seen[1] or seen[2]) then
    for i = 1, 4 do redis.call('SETBIT', KEYS[4], bits[i], 1) end
    redis.call('PEXPIRE', KEYS[4], 240000)
    local oldest = redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')
    return {'limited', math.max(1, tonumber(oldest[2]) + 60000 - now)}
  end
end
redis.call('ZADD', KEYS[3], now, ARGV[2])
redis.call('PEXPIRE', KEYS[3], 60000)
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
return {'fetch'}
