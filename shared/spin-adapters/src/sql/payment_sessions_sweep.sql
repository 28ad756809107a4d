-- Marks payment sessions whose time is over. $1 int how many at most, but never more than are announced by name:
-- else all that is cached would be forgotten. swept bigint.
-- xid text, tags text[]: they were shown as failed already.
SELECT payment_sessions_sweep(least($1::integer, announced_rows()::integer)) AS swept, NULL::text AS xid, '{}'::text[] AS tags
