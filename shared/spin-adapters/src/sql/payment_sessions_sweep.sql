-- Marks payment sessions whose time is over. $1 int how many at most. swept bigint.
-- xid text, tags text[]: they were shown as failed already.
SELECT payment_sessions_sweep($1::integer) AS swept, NULL::text AS xid, '{}'::text[] AS tags
