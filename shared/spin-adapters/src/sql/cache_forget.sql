-- Deletes outbox rows that were applied and certified.   $1 bigint[]: their ids   No rows.
DELETE FROM cache_invalidations WHERE id = ANY($1::bigint[])
