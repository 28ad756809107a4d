-- The right to work on one event, or the outcome of that work.
-- KEYS: claim   ARGV: token, hold in ms
-- Answers 2: it has taken effect; 1: the caller's now; 0: in work elsewhere.
local state = redis.pcall('GET', KEYS[1])
if state == 'applied' then return 2 end
if type(state) == 'string' and redis.call('PTTL', KEYS[1]) >= 0 then return 0 end
-- Nothing, or something that is no claim: a claim ends.
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
