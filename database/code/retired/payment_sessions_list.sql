-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. session_list is the function now.
CREATE OR REPLACE FUNCTION payment_sessions_list(
    p_organization uuid, p_customer uuid, p_order uuid, p_status text, p_limit integer,
    p_signals boolean)
RETURNS TABLE (body text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT s.body
    FROM session_list(p_organization, p_customer, p_order, p_status, p_limit, p_signals) AS s;
END;
