-- Lets a lock last on, if its owner still has it.
-- KEYS: lock   ARGV: owner, hold in ms
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
