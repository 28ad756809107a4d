-- Changes of many rows are announced by the organisations that they touched, see
-- code/cache/tenant_tags.sql.

ALTER TABLE cache_state
    -- Since when organisations are named. NULL: components may serve whose entries don't depend on
    -- tenants, so everything is announced in their place.
    ADD COLUMN tenants_since timestamptz;
-- Where no run of Redis was ever named, no component has had a certificate.
UPDATE cache_state SET tenants_since = '-infinity' WHERE run_id IS NULL;

\i code/cache/group.sql
\i code/cache/tenant.sql

-- One organisation after the other, however many rows wait. In groups of transactions, since rows
-- that are dead stay in the index behind an old snapshot.
CREATE INDEX cache_invalidations_tenants
    ON cache_invalidations (cache_group(xid), cache_tenant(tags));
