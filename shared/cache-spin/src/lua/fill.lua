-- Stores entries; gives the lease back if its holder still has it.
-- KEYS: lease, entries...   ARGV: holder (or empty), then for each entry its bytes and its life in
-- ms
for i = 2, #KEYS do
  redis.call('SET', KEYS[i], ARGV[2 * i - 2], 'PX', ARGV[2 * i - 1])
end
if ARGV[1] ~= '' and redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
