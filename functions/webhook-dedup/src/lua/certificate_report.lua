-- Reports a fetch: a certificate that passed, the reason why it didn't, or neither. In the last
-- case the next request may try again.
-- KEYS: certificate, its lock
-- ARGV: holder, the certificate or '', its life in ms, the reason or '', for how long it is
-- remembered in ms
if ARGV[2] ~= '' then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
if redis.pcall('GET', KEYS[2]) == ARGV[1] then
  if ARGV[4] ~= '' then
    redis.call('SET', KEYS[2], 'failed:' .. ARGV[4], 'PX', ARGV[5])
  else
    redis.call('DEL', KEYS[2])
  end
end
return 1
