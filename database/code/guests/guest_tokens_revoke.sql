-- Takes back all tokens of an order; how many there were.
CREATE OR REPLACE FUNCTION guest_tokens_revoke(p_organization uuid, p_order uuid, p_customer uuid) RETURNS bigint LANGUAGE sql
BEGIN ATOMIC
    WITH revoked AS (
        UPDATE guest_tokens g SET revoked_at = now()
        WHERE g.organization_id = p_organization AND g.order_id = p_order AND (p_customer IS NULL OR g.customer_id = p_customer)
            AND g.revoked_at IS NULL AND g.expires_at > now()
        RETURNING 1
    )
    SELECT count(*) FROM revoked;
END;
