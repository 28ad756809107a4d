-- The generations of some tags, made where they are missing.
-- KEYS: generations...   ARGV: candidate, life in ms
local answer = {}
for i = 1, #KEYS do
  answer[i] = redis.call('SET', KEYS[i], ARGV[1], 'NX', 'GET', 'PX', ARGV[2]) or ARGV[1]
end
return answer
