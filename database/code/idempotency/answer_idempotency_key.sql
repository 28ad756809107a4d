-- Stores the answer to a request, for its repetitions.
--   p_body: the JSON that was answered. p_version: of the document that it is, or NULL.
CREATE OR REPLACE FUNCTION answer_idempotency_key(p_organization uuid, p_principal text,
    p_route text, p_key text, p_body text, p_version bigint DEFAULT NULL)
RETURNS void LANGUAGE sql
BEGIN ATOMIC
    UPDATE idempotency_keys k SET body = p_body, version = p_version
    WHERE k.principal = p_principal AND k.route = p_route AND k.key = p_key
        AND k.organization_id = p_organization;
END;
