-- Makes a user session.
--   p_id: the id to give. p_data: its JSON. p_valid: how many seconds it stays after its last use.
--   p_most: how many sessions of the caller there may be; those that end first make room. NULL: any
--     number.
--   body: the session. version: 1.
--   xid, tags: the transaction and what it announced: the sessions that made room.
CREATE OR REPLACE FUNCTION user_session_create(p_organization uuid, p_id uuid, p_principal text,
    p_data text, p_valid bigint, p_most integer)
RETURNS TABLE (body text, version bigint, xid text, tags text[]) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    s user_sessions;
BEGIN
    tags := '{}';
    IF p_most IS NOT NULL THEN
        -- Two at once may leave one too many; the next one mends that.
        DELETE FROM user_sessions t WHERE t.organization_id = p_organization AND t.id IN (
            SELECT d.id FROM user_sessions d
            WHERE d.organization_id = p_organization AND d.id = ANY (ARRAY(
                SELECT e.id FROM user_sessions e
                WHERE e.organization_id = p_organization AND e.principal = p_principal
                ORDER BY e.expires_at DESC OFFSET p_most - 1))
            FOR UPDATE SKIP LOCKED);
        IF FOUND THEN
            tags := announced_tags('{user_sessions}');
        END IF;
    END IF;
    INSERT INTO user_sessions (organization_id, id, principal, data, valid_seconds, expires_at)
    VALUES (p_organization, p_id, p_principal, p_data::json, p_valid,
        now() + p_valid * interval '1 second')
    RETURNING * INTO s;
    body := user_session_document(s);
    version := s.version;
    xid := pg_current_xact_id()::text;
    RETURN NEXT;
END $$;
