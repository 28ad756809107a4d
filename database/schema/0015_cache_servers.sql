-- Which server of the database is known to give the certificates: a writer relies on it, see
-- code/cache/written.sql and code/cache/renew.sql.
ALTER TABLE cache_state
    -- When it was started, as cache_server() says. NULL if none is known.
    ADD COLUMN server text,
    -- How often another one has taken over.
    ADD COLUMN servers bigint NOT NULL DEFAULT 0;

\i code/cache/server.sql

UPDATE cache_state SET server = cache_server() WHERE run_id IS NOT NULL;
