-- Stores the value that a write gave, if nothing was invalidated since it looked; invalidates in
-- either case.
-- KEYS: entry, generations of the entry's tags (n)..., other announced generations...
-- ARGV: bytes, life in ms, n, life of a generation in ms, then for each tag the generation seen and
-- the next one (the same: not announced)
-- Answers 1 if it was stored.
local n = tonumber(ARGV[3])
local same = true
for i = 1, n do
  if redis.pcall('GET', KEYS[i + 1]) ~= ARGV[3 + 2 * i] then same = false end
end
-- First, since DEL works when Redis is out of memory, and nothing after it has to.
for i = 2, #KEYS do
  if i > n + 1 or ARGV[1 + 2 * i] ~= ARGV[2 + 2 * i] then redis.call('DEL', KEYS[i]) end
end
if not same then return 0 end
for i = 1, n do
  if ARGV[3 + 2 * i] ~= ARGV[4 + 2 * i] then
    local answer = redis.pcall('SET', KEYS[i + 1], ARGV[4 + 2 * i], 'PX', ARGV[4])
    if answer.err then return 0 end
  end
end
if redis.pcall('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]).err then return 0 end
return 1
