-- The largest number of rows of a statement that have an event each. A statement that changes more
-- is one event of each organisation. Set for a database by
--   ALTER DATABASE … SET events.named_rows = '500'
-- A text that isn't a number of up to 5 digits counts for nothing: no write may fail by it.
CREATE OR REPLACE FUNCTION event_named_rows() RETURNS bigint LANGUAGE sql STABLE
RETURN coalesce(
    substring(current_setting('events.named_rows', true) FROM '^\s*([0-9]{1,5})\s*$')::bigint,
    200);
