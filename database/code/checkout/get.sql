-- A caller's cart. No row: there is none, or its time is over.
--   body: the JSON to send. ttl_ms: for how many milliseconds it stays.
CREATE OR REPLACE FUNCTION checkout_get(p_organization uuid, p_principal text, p_checkout uuid)
RETURNS TABLE (body text, ttl_ms bigint) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT checkout_document(c), greatest(1, extract(epoch FROM c.expires_at - now()) * 1000)::bigint
    FROM checkout_sessions c
    WHERE c.organization_id = p_organization AND c.principal = p_principal
        AND c.checkout_id = p_checkout AND c.expires_at > now();
END;
