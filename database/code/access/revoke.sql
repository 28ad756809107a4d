-- Revokes tokens. A repetition keeps the row that is there, and the later of both ends.
--   p_kind: token (p_token_id), subject (p_subject, p_issued_before) or session (p_subject,
--     p_issued_at).
--   p_issued_before: RFC 3339; NULL: now. The second that it lies in counts as before, since tokens
--     name whole seconds. p_issued_at: unix seconds.
--   p_expires_at: RFC 3339; NULL: until it is taken back. p_principal: the caller.
--   body: the revocation's JSON.
--   xid, tags: the transaction and what it announced.
-- Each call clears a few revocations of the organisation that stop nothing any more.
CREATE OR REPLACE FUNCTION access_revoke(p_organization uuid, p_id uuid, p_kind text,
    p_token_id text, p_subject text, p_issued_before text, p_issued_at bigint, p_expires_at text,
    p_note text, p_principal text)
RETURNS TABLE (body text, xid text, tags text[]) LANGUAGE plpgsql AS $$
DECLARE
    v_end CONSTANT timestamptz := coalesce(p_expires_at::timestamptz, 'infinity');
    v_issued CONSTANT bigint := CASE p_kind
        WHEN 'subject'
            THEN floor(extract(epoch FROM coalesce(p_issued_before::timestamptz, now()))) + 1
        WHEN 'session' THEN p_issued_at END;
    v_row access_revocations;
BEGIN
    DELETE FROM access_revocations r WHERE r.id IN (SELECT d.id FROM access_revocations d
        WHERE d.organization_id = p_organization AND d.expires_at <= now() - access_leeway()
        ORDER BY d.expires_at LIMIT 10 FOR UPDATE SKIP LOCKED);
    IF p_kind = 'token' THEN
        INSERT INTO access_revocations AS r
            (id, organization_id, kind, token_id, expires_at, note, revoked_by)
        VALUES (p_id, p_organization, p_kind, p_token_id, v_end, p_note, p_principal)
        ON CONFLICT (organization_id, token_id) WHERE kind = 'token'
        DO UPDATE SET expires_at = greatest(r.expires_at, v_end) RETURNING r.* INTO v_row;
    ELSIF p_kind = 'subject' THEN
        INSERT INTO access_revocations AS r
            (id, organization_id, kind, subject, issued, expires_at, note, revoked_by)
        VALUES (p_id, p_organization, p_kind, p_subject, v_issued, v_end, p_note, p_principal)
        ON CONFLICT (organization_id, subject) WHERE kind = 'subject'
        DO UPDATE SET issued = greatest(r.issued, v_issued),
            expires_at = greatest(r.expires_at, v_end) RETURNING r.* INTO v_row;
    ELSE
        INSERT INTO access_revocations AS r
            (id, organization_id, kind, subject, issued, expires_at, note, revoked_by)
        VALUES (p_id, p_organization, p_kind, p_subject, v_issued, v_end, p_note, p_principal)
        ON CONFLICT (organization_id, subject, issued) WHERE kind = 'session'
        DO UPDATE SET expires_at = greatest(r.expires_at, v_end) RETURNING r.* INTO v_row;
    END IF;
    body := access_document(v_row)::text;
    xid := pg_current_xact_id()::text;
    tags := announced_tags('{access_revocations}');
    RETURN NEXT;
END $$;
