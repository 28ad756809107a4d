-- The advisory lock that a change of many rows shares to its commit. An operator who stops naming
-- tenants takes it alone.
CREATE OR REPLACE FUNCTION cache_tenants_lock() RETURNS bigint LANGUAGE sql IMMUTABLE
RETURN 7226435036891012982;
