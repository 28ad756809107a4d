-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. order_set_statuses is the function now.
CREATE OR REPLACE FUNCTION orders_set_status(
    p_organization uuid, p_ids text[], p_status text, p_from text[])
RETURNS TABLE (id text, outcome text, status text, version bigint, body text, xid text, tags text[])
LANGUAGE sql
BEGIN ATOMIC
    SELECT * FROM order_set_statuses(p_organization, p_ids, p_status, p_from);
END;
