-- Deletes outbox rows that have been applied.
-- $1 bigint[] their ids. No columns.
DELETE FROM cache_invalidations WHERE id = ANY ($1::bigint[])
