-- Adds sampled hits to the heat of their keys, and forgets all but the hottest.
--   p_keys, p_samples: how often a hit of each key was sampled. p_most: as many are kept.
--   kept: how many there are.
CREATE OR REPLACE FUNCTION hot_key_keep(p_keys text[], p_samples bigint[], p_most integer)
RETURNS TABLE (kept bigint) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO hot_keys AS h (key, heat)
    SELECT s.key, extract(epoch FROM now())::double precision / 600
        + ln(s.samples::double precision) / ln(2::double precision)
    FROM unnest(p_keys, p_samples) AS s (key, samples) WHERE s.samples > 0
    -- The logarithm of the sum of both. A difference beyond 100 adds nothing that can be seen.
    ON CONFLICT (key) DO UPDATE SET heat = greatest(h.heat, excluded.heat)
        + ln(1 + power(2, -least(abs(h.heat - excluded.heat), 100))) / ln(2::double precision);
    DELETE FROM hot_keys h WHERE h.key NOT IN (
        SELECT t.key FROM hot_keys t ORDER BY t.heat DESC, t.key LIMIT p_most);
    kept := (SELECT count(*) FROM hot_keys);
    RETURN NEXT;
END $$;
