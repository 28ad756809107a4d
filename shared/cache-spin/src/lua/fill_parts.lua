-- Stores an entry and notes its parts; gives the lease back if its holder still has it.
-- KEYS: lease, entry, what is noted of its parts, the generations of its tags, then those of its
-- parts   ARGV: holder (or empty), the entry's bytes, its life in ms, its fill id (16 bytes), life
-- of a generation in ms, then the generation of each tag that it was loaded under
-- A change that was applied since before the load has taken the generation of a tag away. Then
-- nothing is noted: a part that it took, too, would be noted as it is now.
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
local tags = #ARGV - 5
local stands = true
for i = 1, tags do
  stands = stands and redis.pcall('GET', KEYS[3 + i]) == ARGV[5 + i]
end
if stands then
  local noted, keys = {ARGV[4]}, {}
  for i = 4 + tags, #KEYS do
    local generation = redis.pcall('GET', KEYS[i])
    -- A value that isn't a generation is as good as missing.
    if type(generation) ~= 'string' or #generation ~= 32 or generation:find('%X') then
      generation = ARGV[1]
      redis.call('SET', KEYS[i], generation, 'PX', ARGV[5])
    end
    noted[#noted + 1] = generation
    keys[#keys + 1] = KEYS[i]
  end
  redis.call('SET', KEYS[3], table.concat(noted) .. '\n' .. table.concat(keys, '\n'), 'PX', ARGV[3])
else
  redis.call('DEL', KEYS[3])
end
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
