-- Deletes the outbox rows of a transaction that its writer has applied; one that says more than these tags stays.
-- $1 text transaction, $2 text[] the tags that were applied. No columns.
DELETE FROM cache_invalidations WHERE xid = $1::text::xid8 AND tags <@ $2::text[]
