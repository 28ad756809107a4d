-- Takes a key for this transaction. Another transaction that has just taken it is waited for.
--   outcome: taken (go on, and store the answer in the same transaction); replay (body and version:
--     the stored answer); mismatch (the key was used for another body).
CREATE OR REPLACE FUNCTION take_idempotency_key(p_organization uuid, p_principal text, p_route text,
    p_key text, p_body_hash text)
RETURNS TABLE (outcome text, body text, version bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    INSERT INTO idempotency_keys AS k (organization_id, principal, route, key, body_hash)
    VALUES (p_organization, p_principal, p_route, p_key, p_body_hash)
    ON CONFLICT (principal, route, key, organization_id) DO UPDATE
        SET body_hash = excluded.body_hash, body = NULL, version = NULL,
            created_at = excluded.created_at, expires_at = excluded.expires_at
        WHERE k.expires_at <= now();
    IF FOUND THEN
        -- Each new key clears a few that have expired, so the table needs no job to stay small.
        DELETE FROM idempotency_keys d WHERE d.ctid = ANY (ARRAY(
            SELECT e.ctid FROM idempotency_keys e WHERE e.expires_at <= now() ORDER BY e.expires_at
                LIMIT 10 FOR UPDATE SKIP LOCKED));
        RETURN QUERY SELECT 'taken', NULL::text, NULL::bigint;
    ELSE
        -- The upsert has locked the row, so it is there, and its answer with it.
        RETURN QUERY SELECT CASE WHEN k.body_hash = p_body_hash THEN 'replay' ELSE 'mismatch' END,
            CASE WHEN k.body_hash = p_body_hash THEN k.body END, CASE WHEN k.body_hash = p_body_hash
                THEN k.version END
        FROM idempotency_keys k
        WHERE k.principal = p_principal AND k.route = p_route AND k.key = p_key
            AND k.organization_id = p_organization;
    END IF;
END $$;
