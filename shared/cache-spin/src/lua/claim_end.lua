-- The end of the work on one event. What has taken effect may be said by anybody; a claim is given back only by its holder.
-- KEYS: claim   ARGV: token, '1' where it has taken effect, for how long to know that in ms
if ARGV[2] == '1' then
  redis.call('SET', KEYS[1], 'applied', 'PX', ARGV[3])
elseif redis.pcall('GET', KEYS[1]) == ARGV[1] then
  redis.call('DEL', KEYS[1])
end
return 1
