-- The right to renew the certificate. Answers nothing if it wasn't had, else the name of the data
-- that this Redis holds (empty if it doesn't say it) and the record of the last certificate.
-- KEYS: claim, record   ARGV: token, hold in ms
-- A user that may not end a renewal must not begin one: others would wait for it in vain.
local held = redis.pcall('GET', KEYS[1])
if type(held) == 'table' and not held.err:find('WRONGTYPE', 1, true) then return held end
redis.call('PTTL', KEYS[1])
if not held then redis.call('DEL', KEYS[1]) end
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
  -- A claim that doesn't end is nobody's.
  if redis.call('PTTL', KEYS[1]) ~= -1 then return false end
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
local info = redis.pcall('INFO', 'replication')
local replication = type(info) == 'string' and info:match('master_replid:(%x+)') or ''
-- A value of another type is no record.
local record = redis.pcall('GET', KEYS[2])
if type(record) ~= 'string' then record = false end
return {replication, record}
