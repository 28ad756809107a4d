-- Begins a checkout without an account.
--   p_hmac: the token's HMAC in hexadecimal digits. p_seconds: how long the token is valid.
--   p_customer: the id of the customer that the shopper will be. p_details: the customer, as
--     customer_create takes it.
--   outcome: begun; unknown_organization. expires_at: RFC 3339.
-- Each call clears a few checkouts that have expired. Nothing that is cached changes.
CREATE OR REPLACE FUNCTION guest_checkout_begin(p_hmac text, p_organization uuid, p_customer uuid,
    p_details jsonb, p_seconds bigint)
RETURNS TABLE (outcome text, expires_at text) LANGUAGE plpgsql AS $$
DECLARE
    v_end CONSTANT timestamptz := now() + p_seconds * interval '1 second';
BEGIN
    DELETE FROM guest_checkouts g WHERE g.token_hmac IN (SELECT d.token_hmac FROM guest_checkouts d
        WHERE d.expires_at <= now() ORDER BY d.expires_at LIMIT 10 FOR UPDATE SKIP LOCKED);
    INSERT INTO guest_checkouts (token_hmac, organization_id, customer_id, customer, expires_at)
    SELECT decode(p_hmac, 'hex'), o.id, p_customer, p_details, v_end
    FROM organizations o WHERE o.id = p_organization;
    outcome := CASE WHEN FOUND THEN 'begun' ELSE 'unknown_organization' END;
    expires_at := time_text(v_end);
    RETURN NEXT;
END $$;
