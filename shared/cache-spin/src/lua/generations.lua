-- The generations of some tags, made if they are missing.
-- KEYS: generations...   ARGV: candidate, life in ms
local answer = {}
for i = 1, #KEYS do
  -- A value that isn't a generation is as good as missing.
  local generation = redis.pcall('GET', KEYS[i])
  if type(generation) == 'table' and not generation.err:find('WRONGTYPE', 1, true) then
    return generation
  end
  if type(generation) ~= 'string' or #generation ~= 32 or generation:find('%X') then
    generation = ARGV[1]
    redis.call('SET', KEYS[i], generation, 'PX', ARGV[2])
  end
  answer[i] = generation
end
return answer
