-- Ends a user session.
--   p_principal: it must be this caller's; NULL for any.
--   p_only: only one of these versions; NULL for any. p_unless: none of these versions; 0 in it
--     stands for all.
--   outcome: deleted; not_found; version_mismatch.
--   version: of the session that stays.
--   xid, tags: the transaction and what it announced. If there is none, the tag all the same: the
--     call that deleted it may not have got to invalidating.
CREATE OR REPLACE FUNCTION user_session_delete(p_organization uuid, p_id uuid, p_principal text,
    p_only bigint[], p_unless bigint[])
RETURNS TABLE (outcome text, version bigint, xid text, tags text[]) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    s user_sessions;
BEGIN
    tags := '{}';
    SELECT * INTO s FROM user_sessions t WHERE t.organization_id = p_organization AND t.id = p_id
        AND (p_principal IS NULL OR t.principal = p_principal) AND t.expires_at > now()
    FOR UPDATE;
    IF s.id IS NULL THEN
        outcome := 'not_found';
        tags := ARRAY[user_session_tag(p_organization, p_id)];
    ELSIF s.version <> ALL (p_only) OR s.version = ANY (p_unless) OR 0 = ANY (p_unless) THEN
        outcome := 'version_mismatch';
        version := s.version;
    ELSE
        DELETE FROM user_sessions t WHERE t.organization_id = p_organization AND t.id = p_id;
        outcome := 'deleted';
        xid := pg_current_xact_id()::text;
        tags := announced_tags('{user_sessions}');
    END IF;
    RETURN NEXT;
END $$;
