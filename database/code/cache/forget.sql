-- Deletes outbox rows that have been applied.
--   p_ids: their ids, as cache_renew gave them.
-- In plpgsql, since a session keeps its plans: every renewal runs this.
CREATE OR REPLACE FUNCTION cache_forget(p_ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM cache_invalidations i WHERE i.id = ANY (p_ids);
END $$;
