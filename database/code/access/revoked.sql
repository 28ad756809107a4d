-- An organisation's revoked tokens, all of them in one JSON. Always one row.
--   body: {complete, tokens: [id], subjects: [[subject, issued before]], sessions: [[subject,
--     issued at]]}, in unix seconds. Above 1,000 living revocations complete is false and the lists
--     are empty: then each token is asked for, see access_token.
CREATE OR REPLACE FUNCTION access_revoked(p_organization uuid) RETURNS TABLE (body text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH living AS MATERIALIZED (
        SELECT r.id, r.kind, r.token_id, r.subject, r.issued FROM access_revocations r
        WHERE r.organization_id = p_organization AND r.expires_at > now() - access_leeway()
        LIMIT 1001
    ), kept AS MATERIALIZED (
        SELECT l.* FROM living l WHERE (SELECT count(*) FROM living) <= 1000
    )
    SELECT json_build_object(
        'complete', (SELECT count(*) FROM living) <= 1000,
        'tokens', coalesce((SELECT json_agg(k.token_id ORDER BY k.id)
            FROM kept k WHERE k.kind = 'token'), '[]'),
        'subjects', coalesce((SELECT json_agg(json_build_array(k.subject, k.issued) ORDER BY k.id)
            FROM kept k WHERE k.kind = 'subject'), '[]'),
        'sessions', coalesce((SELECT json_agg(json_build_array(k.subject, k.issued) ORDER BY k.id)
            FROM kept k WHERE k.kind = 'session'), '[]'))::text;
END;
