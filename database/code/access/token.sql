-- Whether one token is revoked. Always one row.
--   p_token_id, p_subject, p_issued_at: its claims jti (NULL: it has none), sub and iat (0: none).
--   body: {revoked}.
CREATE OR REPLACE FUNCTION access_token(
    p_organization uuid, p_token_id text, p_subject text, p_issued_at bigint)
RETURNS TABLE (body text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object('revoked',
        EXISTS (SELECT FROM access_revocations r
            WHERE r.organization_id = p_organization AND r.kind = 'token'
                AND r.token_id = p_token_id AND r.expires_at > now() - access_leeway())
        OR EXISTS (SELECT FROM access_revocations r
            WHERE r.organization_id = p_organization AND r.kind = 'subject'
                AND r.subject = p_subject AND r.issued > p_issued_at
                AND r.expires_at > now() - access_leeway())
        OR p_token_id IS NULL AND EXISTS (SELECT FROM access_revocations r
            WHERE r.organization_id = p_organization AND r.kind = 'session'
                AND r.subject = p_subject AND r.issued = p_issued_at
                AND r.expires_at > now() - access_leeway()))::text;
END;
