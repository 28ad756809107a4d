-- Gives a place back.
-- KEYS: the sets of places
-- ARGV: the place's name
for _, key in ipairs(KEYS) do
  redis.call('ZREM', key, ARGV[1])
end
return 1
