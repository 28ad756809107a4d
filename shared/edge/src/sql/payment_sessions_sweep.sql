-- Marks payment sessions whose time is over. $1 int how many at most, but never more than are announced by name:
-- else all that is cached would be forgotten. swept bigint. xid text, tags text[]: the transaction, what it changed.
SELECT swept, pg_current_xact_id()::text AS xid, tags FROM payment_sessions_sweep(least($1::integer, announced_rows()::integer))
