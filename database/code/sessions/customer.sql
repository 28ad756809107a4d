-- The customer whose order it is, before a payment of the order is tried. No row: not found.
CREATE OR REPLACE FUNCTION session_customer(p_organization uuid, p_order uuid)
RETURNS TABLE (customer text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT o.customer_id::text FROM orders o
    WHERE o.organization_id = p_organization AND o.id = p_order AND o.deleted_at IS NULL;
END;
