-- Takes a lock and draws its fencing number: greater than all before it, and never below the clock,
-- so that it rises even if the counter was lost.
-- KEYS: lock, fence   ARGV: owner, hold in ms
-- Answers the number, or 0: held by another.
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
  -- A lock that doesn't end is nobody's.
  if redis.call('PTTL', KEYS[1]) ~= -1 then return 0 end
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
local now = redis.call('TIME')
local fence = now[1] * 1000000 + now[2]
local last = redis.pcall('GET', KEYS[2])
last = type(last) == 'string' and tonumber(last) or 0
if last >= fence then fence = last + 1 end
-- As text: a number would be written with an exponent. Exact up to 2^53 microseconds, in the year
-- 2255.
redis.call('SET', KEYS[2], string.format('%.0f', fence))
return fence
