-- Begins a step of the job that makes hot entries anew. If the cache was emptied since the last
-- one, the step begins with the hottest, and it is noted that this epoch has had its turn.
--   p_reached: how many of the hottest were looked up. p_most: as many are wanted.
--   first: how many of them come before `keys`. keys: the others, the hottest first.
CREATE OR REPLACE FUNCTION hot_key_begin(p_reached integer, p_most integer)
RETURNS TABLE (first integer, keys text[]) LANGUAGE plpgsql AS $$
DECLARE
    present CONSTANT uuid := (SELECT s.epoch FROM cache_state s);
BEGIN
    UPDATE hot_keys_warmed w SET epoch = present WHERE w.epoch <> present;
    first := CASE WHEN FOUND THEN 0 ELSE p_reached END;
    keys := ARRAY(SELECT h.key FROM hot_keys h ORDER BY h.heat DESC, h.key
        OFFSET first LIMIT greatest(p_most - first, 0));
    RETURN NEXT;
END $$;
