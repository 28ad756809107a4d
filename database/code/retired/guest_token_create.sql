-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. guest_token_create, with a text and seconds, is the function now.
CREATE OR REPLACE FUNCTION guest_token_create(
    p_organization uuid, p_order uuid, p_customer uuid, p_hmac bytea, p_valid interval,
    p_principal text)
RETURNS boolean LANGUAGE sql
BEGIN ATOMIC
    SELECT t.created = 1 FROM guest_token_create(p_organization, p_order, p_customer,
        encode(p_hmac, 'hex'), extract(epoch FROM p_valid)::bigint, p_principal) AS t;
END;
