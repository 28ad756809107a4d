-- Deletes the outbox rows of a transaction that its writer has applied; one that says more than these tags stays. All of them stay
-- where the database serves another cache or has seen another run of Redis than the one that was told.
-- $1 text transaction, $2 text[] the tags that were applied, $3 text this cache's name, $4 text the run id. No columns.
DELETE FROM cache_invalidations WHERE xid = $1::text::xid8 AND tags <@ $2::text[]
    AND EXISTS (SELECT FROM cache_state WHERE cache = $3 AND run_id = $4)
