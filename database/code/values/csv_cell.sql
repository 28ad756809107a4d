-- A text as a cell of CSV (RFC 4180). A cell that a spreadsheet would take for a formula begins
-- with an apostrophe. NULL is an empty cell.
CREATE OR REPLACE FUNCTION csv_cell(cell text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN cell IS NULL THEN ''
    WHEN cell ~ '^[[:space:]]*[-=+@\t\r]' THEN '"''' || replace(cell, '"', '""') || '"'
    WHEN cell ~ '[",[:cntrl:]]' THEN '"' || replace(cell, '"', '""') || '"'
    ELSE cell END;
