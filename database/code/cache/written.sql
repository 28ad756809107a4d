-- The run of Redis that this transaction's writer must tell. It is called in the statement that
-- writes, so the lock is held to the commit: until then no renewal names another run. The lock
-- comes first. What a later statement reads is then so at the commit, too, provided that each
-- statement has a snapshot of its own.
--   p_cache: the caller's Redis address and key prefix.
--   run: the named run. Empty if none was ever named, so that no certificate was ever given. NULL
--     if none can be relied on: another cache is served, or statements share a snapshot.
--   named_ms: for how many milliseconds it has been the named one, and this server been known to
--     give it certificates. 0 if it isn't.
CREATE OR REPLACE FUNCTION cache_written(p_cache text)
RETURNS TABLE (run text, named_ms bigint) LANGUAGE plpgsql ROWS 1 AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(cache_lock());
    SELECT CASE
            WHEN current_setting('transaction_isolation') <> 'read committed' THEN NULL
            WHEN s.run_id IS NULL THEN ''
            WHEN s.cache = p_cache AND s.served = p_cache THEN s.run_id
        END,
        CASE WHEN s.server = cache_server()
            THEN (extract(epoch FROM clock_timestamp() - s.named_at) * 1000)::bigint
            WHEN s.run_id IS NOT NULL THEN 0
        END
    INTO run, named_ms FROM cache_state s;
    RETURN NEXT;
END $$;
