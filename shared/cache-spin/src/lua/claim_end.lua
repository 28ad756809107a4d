-- The end of the work on one event. Anybody may say that it has taken effect; only its holder gives
-- a claim back.
-- KEYS: claim   ARGV: token, '1' if it has taken effect, for how long to know that in ms
if ARGV[2] == '1' then
  redis.call('SET', KEYS[1], 'applied', 'PX', ARGV[3])
elseif redis.pcall('GET', KEYS[1]) == ARGV[1] then
  redis.call('DEL', KEYS[1])
end
return 1
