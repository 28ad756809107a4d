-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. capture_done is the function now.
CREATE OR REPLACE FUNCTION payment_capture_done(
    p_organization uuid, p_id uuid, p_principal text, p_key text, p_body text)
RETURNS void LANGUAGE sql
BEGIN ATOMIC
    SELECT capture_done(p_organization, p_id, p_principal, p_key, p_body);
END;
