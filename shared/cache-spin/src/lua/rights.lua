-- Tries each command that is needed, on keys of its own, and leaves nothing behind.
-- KEYS: a text, a sorted set, a hash   ARGV: '1' to try what the cache needs, '1' for what state
-- needs, '1' for what counters need
-- Answers what was refused: the command, a blank, the error.
local refused = {}
local function try(command, ...)
  local answer = redis.pcall(command, ...)
  if type(answer) == 'table' and answer.err then
    refused[#refused + 1] = command .. ' ' .. answer.err
  end
end
try('SET', KEYS[1], '1', 'PX', 1000)
try('GET', KEYS[1])
try('PTTL', KEYS[1])
try('PEXPIRE', KEYS[1], 1000)
if ARGV[1] == '1' then
  try('MGET', KEYS[1])
  try('GETRANGE', KEYS[1], 0, 0)
end
if ARGV[3] == '1' then
  try('INCRBY', KEYS[1], 1)
end
if ARGV[2] == '1' then
  try('TIME')
  try('EXISTS', KEYS[1])
  try('GETBIT', KEYS[1], 0)
  try('SETBIT', KEYS[1], 0, 1)
  try('ZADD', KEYS[2], 1, 'one')
  redis.pcall('PEXPIRE', KEYS[2], 1000)
  try('ZSCORE', KEYS[2], 'one')
  try('ZCARD', KEYS[2])
  try('ZRANGE', KEYS[2], 0, -1)
  try('ZREM', KEYS[2], 'two')
  try('ZREMRANGEBYSCORE', KEYS[2], 2, 3)
  try('HSETNX', KEYS[3], 'one', 1)
  redis.pcall('PEXPIRE', KEYS[3], 1000)
  try('HINCRBY', KEYS[3], 'one', 1)
  try('HGETALL', KEYS[3])
end
try('DEL', KEYS[1], KEYS[2], KEYS[3])
return refused
