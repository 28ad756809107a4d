-- The right to fill one entry, and the generations to fill it under.
-- KEYS: entry, lease, generations...   ARGV: known fill id (16 bytes, or empty), holder, hold in ms, life of a generation in ms
-- Answers {2}: filled since the look; {1}: held by another; {0, generation...}: granted.
local there = redis.pcall('GETRANGE', KEYS[1], -24, -9)
if type(there) == 'string' and there ~= '' and there ~= ARGV[1] then return {2} end
if not redis.call('SET', KEYS[2], ARGV[2], 'NX', 'PX', ARGV[3]) then return {1} end
local answer = {0}
for i = 3, #KEYS do
  answer[#answer + 1] = redis.call('SET', KEYS[i], ARGV[2], 'NX', 'GET', 'PX', ARGV[4]) or ARGV[2]
end
return answer
