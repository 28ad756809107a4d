-- The app's table. Its last line lets it announce its changes, whichever program makes them.
-- First run sql/outbox.sql of the crate cache-spin, which brings cache_attach.
CREATE TABLE IF NOT EXISTS notes (id bigint PRIMARY KEY, text text NOT NULL);

SELECT cache_attach('notes', ARRAY[$$'note:' || id$$]);
