-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. session_move is the function now.
CREATE OR REPLACE FUNCTION payment_session_move(
    p_organization uuid, p_id uuid, p_customer uuid, p_from text[], p_to text, p_reason text)
RETURNS TABLE (outcome text, body text, status text) LANGUAGE sql
BEGIN ATOMIC
    SELECT s.outcome, s.body, s.status
    FROM session_move(p_organization, p_id, p_customer, p_from, p_to, p_reason) AS s;
END;
