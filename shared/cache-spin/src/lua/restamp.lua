-- Stores bytes in place of the entry of a fill, until the end that it has.
-- KEYS: entry   ARGV: the fill id (16 bytes), the bytes
if redis.call('GETRANGE', KEYS[1], -24, -9) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1
