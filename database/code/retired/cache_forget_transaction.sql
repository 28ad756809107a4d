-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. cache_forget_transactions is the function now.
CREATE OR REPLACE FUNCTION cache_forget_transaction(
    p_transaction text, p_tags text[], p_cache text, p_run_id text, p_server text DEFAULT NULL)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM cache_invalidations i WHERE i.xid = p_transaction::xid8 AND i.tags <@ p_tags
        AND coalesce(p_server = cache_server(), true)
        AND EXISTS (SELECT FROM cache_state s WHERE s.cache = p_cache
            AND s.served = p_cache AND s.run_id = p_run_id);
END $$;
