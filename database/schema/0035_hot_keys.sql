-- The entries of the cache that are read most. Where they are missing, as after the cache was
-- emptied, they are made anew in bulk. There are at most as many as the setting hot_orders says: a
-- look at all of them is a few pages, so an index by heat would never be used.
CREATE TABLE hot_keys (
    -- Below the key prefix.
    key text PRIMARY KEY,
    -- The logarithm, to the base of 2, of its sampled hits. A hit weighs twice as much as one of
    -- ten minutes before. So heats of different times can be compared as they are, and a row that
    -- nobody reads any more falls behind without being written.
    heat double precision NOT NULL
);

-- One row: the epoch of the cache for which they were made anew last.
CREATE TABLE hot_keys_warmed (epoch uuid NOT NULL);
INSERT INTO hot_keys_warmed SELECT epoch FROM cache_state;

INSERT INTO jobs (name, component, interval_seconds) VALUES ('warm', 'order-list', 60);
