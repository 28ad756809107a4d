-- The customer that the holder of a token is. No row: the token began no checkout, has expired, or
-- opens its order no more.
--   p_hmac, p_older: as guest_order.
CREATE OR REPLACE FUNCTION guest_checkout_get(p_hmac text, p_older text[] DEFAULT '{}')
RETURNS TABLE (organization uuid, customer uuid) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT g.organization_id, g.customer_id FROM guest_checkouts g
    WHERE g.token_hmac = ANY (ARRAY(SELECT decode(h, 'hex') FROM unnest(p_hmac || p_older) AS h))
        AND g.expires_at > now()
        AND NOT EXISTS (SELECT FROM guest_tokens t WHERE t.token_hmac = g.token_hmac
            AND (t.revoked_at IS NOT NULL OR t.expires_at <= now()));
END;
