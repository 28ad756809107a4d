-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. guest_order, with a text, is the function now.
CREATE OR REPLACE FUNCTION guest_order(p_hmac bytea) RETURNS TABLE (body text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT o.body FROM guest_order(encode(p_hmac, 'hex')) AS o;
END;
