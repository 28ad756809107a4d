-- Replaces what a user session holds. That is a use, too: it ends later.
--   p_principal: it must be this caller's; NULL for any.
--   p_data: its JSON. p_valid: how many seconds it stays after its last use from now on.
--   p_only: only one of these versions; NULL for any. p_unless: none of these versions; 0 in it
--     stands for all.
--   outcome: replaced; not_found; version_mismatch.
--   body: the session if it was replaced, else NULL. version: as it is now.
--   xid, tags: the transaction and what it announced; NULL and empty if nothing was written.
CREATE OR REPLACE FUNCTION user_session_put(p_organization uuid, p_id uuid, p_principal text,
    p_data text, p_valid bigint, p_only bigint[], p_unless bigint[])
RETURNS TABLE (outcome text, body text, version bigint, xid text, tags text[])
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    s user_sessions;
BEGIN
    tags := '{}';
    SELECT * INTO s FROM user_sessions t WHERE t.organization_id = p_organization AND t.id = p_id
        AND (p_principal IS NULL OR t.principal = p_principal) AND t.expires_at > now()
    FOR NO KEY UPDATE;
    version := s.version;
    IF s.id IS NULL THEN
        outcome := 'not_found';
    ELSIF version <> ALL (p_only) OR version = ANY (p_unless) OR 0 = ANY (p_unless) THEN
        outcome := 'version_mismatch';
    ELSE
        -- The time makes it another version, also if it holds what it held before.
        UPDATE user_sessions t SET data = p_data::json, valid_seconds = p_valid,
            updated_at = now(), expires_at = now() + p_valid * interval '1 second'
        WHERE t.organization_id = p_organization AND t.id = p_id
        RETURNING t.* INTO s;
        outcome := 'replaced';
        body := user_session_document(s);
        version := s.version;
        xid := pg_current_xact_id()::text;
        tags := announced_tags('{user_sessions}');
    END IF;
    RETURN NEXT;
END $$;
