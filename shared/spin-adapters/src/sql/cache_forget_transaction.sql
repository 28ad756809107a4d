-- Behind a writer's answer: deletes the outbox rows of its transaction that name nothing but what it has invalidated.
-- $1 text: xid   $2 text[]: the tags   No rows.
DELETE FROM cache_invalidations WHERE xid = $1::text::xid8 AND tags <@ $2::text[]
