-- Sets the certificate, if the claim it was begun under still stands.
-- KEYS: claim, certificate, fresh, last   ARGV: token, certificate, life in ms, fresh in ms, life of the last one in ms
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
redis.call('SET', KEYS[3], '1', 'PX', ARGV[4])
redis.call('SET', KEYS[4], ARGV[2], 'PX', ARGV[5])
redis.call('DEL', KEYS[1])
return 1
