-- The advisory lock that writers share to their commit. A renewal takes it alone to name another
-- run or another cache.
CREATE OR REPLACE FUNCTION cache_lock() RETURNS bigint LANGUAGE sql IMMUTABLE
RETURN 7226435036891012981;
