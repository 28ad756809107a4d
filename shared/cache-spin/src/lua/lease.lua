-- The right to fill one entry, and the generations to fill it under.
-- KEYS: entry, lease, generations...   ARGV: known fill id (16 bytes, or empty), holder, hold in
-- ms, life of a generation in ms
-- Answers {2}: filled since the look; {1}: held by another; {0, generation...}: granted.
local there = redis.pcall('GETRANGE', KEYS[1], -24, -9)
if type(there) == 'string' and there ~= '' and there ~= ARGV[1] then return {2} end
-- Before anything is changed: a user without the right must not hold others up.
local generations = {}
for i = 3, #KEYS do
  local generation = redis.pcall('GET', KEYS[i])
  if type(generation) == 'table' and not generation.err:find('WRONGTYPE', 1, true) then
    return generation
  end
  generations[i] = generation
end
if not redis.call('SET', KEYS[2], ARGV[2], 'NX', 'PX', ARGV[3]) then
  -- A lease that doesn't end is nobody's.
  if redis.call('PTTL', KEYS[2]) ~= -1 then return {1} end
  redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
end
local answer = {0}
for i = 3, #KEYS do
  -- A value that isn't a generation is as good as missing.
  local generation = generations[i]
  if type(generation) ~= 'string' or #generation ~= 32 or generation:find('%X') then
    generation = ARGV[2]
    redis.call('SET', KEYS[i], generation, 'PX', ARGV[4])
  end
  answer[#answer + 1] = generation
end
return answer
