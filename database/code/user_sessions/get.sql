-- A user session. No row: there is none, its time is over, or it is another caller's.
--   p_principal: it must be this caller's; NULL for any.
--   body: the JSON to send. version: its ETag. owner: the caller that made it.
--   ttl_ms: for how many milliseconds a copy counts. That is one step at most, so a session that is
--     read from the cache comes by here in each step.
-- This puts the session's end off, if the last time was a step ago. A session that somebody writes
-- to at this moment is left to that one, so a read waits for nobody; and a database that can't be
-- written gives sessions until they end.
CREATE OR REPLACE FUNCTION user_session_get(p_organization uuid, p_id uuid, p_principal text)
RETURNS TABLE (body text, version bigint, owner text, ttl_ms bigint) LANGUAGE plpgsql ROWS 1 AS $$
#variable_conflict use_column
DECLARE
    s user_sessions;
    step interval;
    put_off timestamptz;
BEGIN
    SELECT * INTO s FROM user_sessions t WHERE t.organization_id = p_organization AND t.id = p_id
        AND (p_principal IS NULL OR t.principal = p_principal) AND t.expires_at > now();
    IF NOT FOUND THEN
        RETURN;
    END IF;
    step := user_session_step(s.valid_seconds);
    put_off := now() + s.valid_seconds * interval '1 second';
    IF s.expires_at <= put_off - step AND current_setting('transaction_read_only') = 'off' THEN
        UPDATE user_sessions t SET expires_at = put_off
        WHERE t.organization_id = p_organization AND t.id = (
            SELECT d.id FROM user_sessions d
            WHERE d.organization_id = p_organization AND d.id = p_id
                AND d.expires_at > now() AND d.expires_at < put_off
            FOR NO KEY UPDATE SKIP LOCKED);
        IF FOUND THEN
            s.expires_at := put_off;
        END IF;
    END IF;
    RETURN QUERY SELECT user_session_document(s), s.version, s.principal,
        greatest(1, extract(epoch FROM least(step, s.expires_at - now())) * 1000)::bigint;
END $$;
