-- One transaction. No row: not found. It never changes.
--   body: the JSON to send. version, customer: NULL.
CREATE OR REPLACE FUNCTION transaction_get(p_organization uuid, p_id uuid)
RETURNS TABLE (body text, version bigint, customer text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT transaction_document(t)::text, NULL::bigint, NULL::text FROM payment_transactions t
    WHERE t.organization_id = p_organization AND t.id = p_id;
END;
