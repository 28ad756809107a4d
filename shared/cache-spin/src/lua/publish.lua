-- Sends messages on a channel, in their order.
-- ARGV: the channel, then the messages.
for i = 2, #ARGV do
    redis.call('PUBLISH', ARGV[1], ARGV[i])
end
return 1
