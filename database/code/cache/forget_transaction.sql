-- Deletes the outbox rows of a transaction that its writer has applied. A row that says more than
-- the applied tags stays. All rows stay if the database serves another cache, or a renewal has last
-- seen another cache or another run of Redis, than the one that was told.
--   p_transaction: the writer's transaction, as its statement gave it.
--   p_tags: the tags that were applied.
--   p_cache: the caller's Redis address and key prefix.
--   p_run_id: the run id of the Redis that was told.
--   p_server: the server that the transaction was committed in: in another one its number is that
--     of another transaction.
-- In plpgsql, since a session keeps its plans: every write runs this.
CREATE OR REPLACE FUNCTION cache_forget_transaction(
    p_transaction text, p_tags text[], p_cache text, p_run_id text, p_server text DEFAULT NULL)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM cache_invalidations i WHERE i.xid = p_transaction::xid8 AND i.tags <@ p_tags
        AND coalesce(p_server = cache_server(), true)
        AND EXISTS (SELECT FROM cache_state s WHERE s.cache = p_cache
            AND s.served = p_cache AND s.run_id = p_run_id);
END $$;
