-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. session_hold is the function now.
CREATE OR REPLACE FUNCTION payment_session_hold(
    p_organization uuid, p_id uuid, p_score integer, p_signals text[], p_cancel_url text,
    p_valid interval)
RETURNS TABLE (body text) LANGUAGE sql
BEGIN ATOMIC
    SELECT s.body FROM session_hold(p_id, p_score, p_signals, p_cancel_url,
        extract(epoch FROM p_valid)::bigint, p_organization) AS s;
END;
