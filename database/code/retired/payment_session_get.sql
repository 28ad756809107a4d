-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. session_get is the function now.
CREATE OR REPLACE FUNCTION payment_session_get(p_organization uuid, p_id uuid, p_customer uuid)
RETURNS TABLE (body text, customer text, order_id text, external_id text, redirect_url text,
    status text, gateway text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT g.body, g.customer, s.order_id::text, s.external_id, s.redirect_url,
        g.body::json ->> 'status', s.gateway
    FROM session_get(p_organization, p_id) AS g, payment_sessions s
    WHERE s.id = p_id AND (p_customer IS NULL OR s.customer_id = p_customer);
END;
