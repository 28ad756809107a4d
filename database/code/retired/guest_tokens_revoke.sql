-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. guest_token_revoke is the function now.
CREATE OR REPLACE FUNCTION guest_tokens_revoke(p_organization uuid, p_order uuid, p_customer uuid)
RETURNS bigint LANGUAGE sql
BEGIN ATOMIC
    SELECT t.revoked FROM guest_token_revoke(p_organization, p_order, p_customer) AS t;
END;
