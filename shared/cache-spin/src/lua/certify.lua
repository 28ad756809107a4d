-- Sets the certificate and the record of what it was given for, if the claim that it was begun
-- under still stands. It ends so long after that claim was made.
-- KEYS: claim, certificate, fresh, last, record
-- ARGV: token, certificate, and in ms: hold of the claim, from the claim to the certificate's end,
-- longest life, life of the last one; then the record, and its life in ms
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local left = redis.call('PTTL', KEYS[1])
redis.call('DEL', KEYS[1])
-- A claim that doesn't end doesn't say when it was made.
if left < 0 then return 0 end
local life = math.min(tonumber(ARGV[5]), ARGV[4] - (ARGV[3] - left))
if life < 2 then return 0 end
redis.call('SET', KEYS[2], ARGV[2], 'PX', life)
redis.call('SET', KEYS[3], '1', 'PX', math.floor(life / 2))
redis.call('SET', KEYS[4], ARGV[2], 'PX', ARGV[6])
redis.call('SET', KEYS[5], ARGV[7], 'PX', ARGV[8])
return 1
