-- What each bucket holds, as one text of fields and values.
-- KEYS: the buckets
local all = {}
for i, bucket in ipairs(KEYS) do
  all[i] = table.concat(redis.call('HGETALL', bucket), ' ')
end
return all
