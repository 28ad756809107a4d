-- Frees a key that this transaction has taken and done nothing under, so that the next request with
-- it is carried out. A key with an answer stays.
CREATE OR REPLACE FUNCTION free_idempotency_key(p_organization uuid, p_principal text, p_route text,
    p_key text)
RETURNS void LANGUAGE sql
BEGIN ATOMIC
    DELETE FROM idempotency_keys k
    WHERE k.principal = p_principal AND k.route = p_route AND k.key = p_key
        AND k.organization_id = p_organization AND k.body IS NULL;
END;
