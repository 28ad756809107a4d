-- Deletes the outbox rows of transactions that their writers have applied. A row that says more
-- than its transaction's applied tags stays. All rows stay if the database serves another cache, or
-- a renewal has last seen another cache or another run of Redis, than the one that was told.
--   p_transactions, p_tags: each applied tag, with its transaction: the server that it was
--     committed in, as cache_server names it, and its xid. In another server that number is another
--     transaction's.
--   p_cache: the caller's Redis address and key prefix.
--   p_run_id: the run id of the Redis that was told.
-- In plpgsql, since a session keeps its plans: every write runs this.
CREATE OR REPLACE FUNCTION cache_forget_transactions(
    p_transactions text[], p_tags text[], p_cache text, p_run_id text)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    here text := cache_server() || ' ';
BEGIN
    DELETE FROM cache_invalidations i
    WHERE i.xid = ANY (ARRAY(SELECT replace(t, here, '')::xid8 FROM unnest(p_transactions) AS t
            WHERE starts_with(t, here)))
        AND i.tags <@ ARRAY(SELECT a.tag FROM unnest(p_transactions, p_tags) AS a (transaction, tag)
            WHERE a.transaction = here || i.xid)
        AND EXISTS (SELECT FROM cache_state s WHERE s.cache = p_cache
            AND s.served = p_cache AND s.run_id = p_run_id);
END $$;
