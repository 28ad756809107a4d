-- The order that a guest's token opens, and until when. No row: no such token, or not any more.
--   p_hmac, p_older: as guest_order.
--   expires_at: the first unix second at which it opens nothing.
CREATE OR REPLACE FUNCTION guest_place(p_hmac text, p_older text[] DEFAULT '{}')
RETURNS TABLE (organization_id text, order_id text, expires_at bigint) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT o.organization_id::text, o.id::text, floor(extract(epoch FROM g.expires_at))::bigint
    FROM guest_tokens g JOIN orders o ON o.id = g.order_id AND o.deleted_at IS NULL
    WHERE g.token_hmac = ANY (ARRAY(SELECT decode(h, 'hex') FROM unnest(p_hmac || p_older) AS h))
        AND g.revoked_at IS NULL AND g.expires_at > now();
END;
