-- The right to fill one entry, and the generations to fill it under.
-- KEYS: entry, lease, what is noted of the entry's parts, certificate, generations...   ARGV: known
-- fill id (16 bytes, or empty), holder, hold in ms, life of a generation in ms, '1' to ask whether
-- the parts of the known fill stand
-- Answers {2}: filled since the look; {1}: held by another; {0, generation...}: granted;
-- {3, certificate, generation...}: no lease, since the parts stand.
local there = redis.pcall('GETRANGE', KEYS[1], -24, -9)
if type(there) == 'string' and there ~= '' and there ~= ARGV[1] then return {2} end
-- Before anything is changed: a user without the right must not hold others up.
local generations = {}
for i = 5, #KEYS do
  local generation = redis.pcall('GET', KEYS[i])
  if type(generation) == 'table' and not generation.err:find('WRONGTYPE', 1, true) then
    return generation
  end
  generations[i] = generation
end

-- As fill_parts.lua has noted it: the fill id, 32 digits for each part, and a line for each part's
-- key.
local function parts_stand()
  local noted = redis.pcall('GET', KEYS[3])
  if type(noted) ~= 'string' or noted:sub(1, 16) ~= ARGV[1] then return false end
  local line = noted:find('\n', 17, true)
  local keys = {}
  for key in noted:sub((line or #noted) + 1):gmatch('[^\n]+') do keys[#keys + 1] = key end
  if #keys == 0 or line ~= 17 + 32 * #keys then return false end
  local now = redis.pcall('MGET', unpack(keys))
  for i = 1, #keys do
    if now[i] ~= noted:sub(32 * i - 15, 32 * i + 16) then return false end
  end
  return true
end

local answer = {0}
if ARGV[5] == '1' and parts_stand() then
  local certificate = redis.pcall('GET', KEYS[4])
  answer = {3, type(certificate) == 'string' and certificate or ''}
elseif not redis.call('SET', KEYS[2], ARGV[2], 'NX', 'PX', ARGV[3]) then
  -- A lease that doesn't end is nobody's.
  if redis.call('PTTL', KEYS[2]) ~= -1 then return {1} end
  redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
end
for i = 5, #KEYS do
  -- A value that isn't a generation is as good as missing.
  local generation = generations[i]
  if type(generation) ~= 'string' or #generation ~= 32 or generation:find('%X') then
    generation = ARGV[2]
    redis.call('SET', KEYS[i], generation, 'PX', ARGV[4])
  end
  answer[#answer + 1] = generation
end
return answer
