-- State that a renewal compares with the record which Redis keeps beside the certificate, see
-- code/cache/renew.sql. The row is written when the epoch moves, and once in ten seconds.
ALTER TABLE cache_state
    -- The cache that a renewal has served last. An operator may name another one in `cache`; until
    -- that one is renewed, nothing of it counts.
    ADD COLUMN served text,
    -- The serial that a renewal has seen last.
    ADD COLUMN serial text,
    -- Outbox rows of transactions before this one have been deleted.
    ADD COLUMN swept xid8 NOT NULL DEFAULT '0';

-- Everything is announced with this file, so rows of before say nothing more.
DELETE FROM cache_invalidations;
UPDATE cache_state SET swept = pg_snapshot_xmin(pg_current_snapshot());
