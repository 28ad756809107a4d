-- The holder of a claim is still at work.
-- KEYS: claim   ARGV: token, hold in ms
if redis.pcall('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
