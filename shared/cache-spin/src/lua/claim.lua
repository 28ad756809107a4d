-- The right to renew the certificate. Answers 1 if it was had.
-- KEYS: claim   ARGV: token, hold in ms
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
-- A claim that doesn't end is nobody's.
if redis.call('PTTL', KEYS[1]) ~= -1 then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
