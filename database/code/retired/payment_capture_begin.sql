-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. capture_begin is the function now.
CREATE OR REPLACE FUNCTION payment_capture_begin(
    p_organization uuid, p_id uuid, p_principal text, p_key text, p_body_hash text)
RETURNS TABLE (outcome text, status text, what text, provider text, account text,
    external_id text, currency text, order_id text, body text, refusals integer)
LANGUAGE sql
BEGIN ATOMIC
    SELECT * FROM capture_begin(p_organization, p_id, p_principal, p_key, p_body_hash);
END;
