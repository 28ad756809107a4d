-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. session_customer, and session_begin, is the function now.
CREATE OR REPLACE FUNCTION payment_attempt_facts(
    p_organization uuid, p_order uuid, p_customer uuid, p_session uuid)
RETURNS TABLE (customer text, sessions_last_hour bigint, failed_last_day bigint,
    paid_before bigint, percent_of_largest bigint)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT c.customer, f.* FROM session_customer(p_organization, p_order) AS c,
        session_facts(p_organization, p_order, p_customer, p_session) AS f;
END;
