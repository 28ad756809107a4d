-- Whether the epoch has moved since hot entries were made anew: all entries are outdated.
CREATE OR REPLACE FUNCTION cache_is_cold() RETURNS boolean LANGUAGE sql STABLE
RETURN EXISTS (SELECT FROM hot_keys_warmed w, cache_state s WHERE w.epoch <> s.epoch);
