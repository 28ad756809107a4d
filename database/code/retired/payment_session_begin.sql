-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. session_begin is the function now.
CREATE OR REPLACE FUNCTION payment_session_begin(
    p_organization uuid, p_customer uuid, p_order uuid, p_gateway text, p_account text,
    p_return_url text, p_principal text, p_key text, p_body_hash text, p_id uuid,
    p_valid interval, p_lease interval)
RETURNS TABLE (outcome text, session text, body text, amount text, currency text, reason text,
    xid text, tags text[])
LANGUAGE sql
BEGIN ATOMIC
    SELECT s.outcome, s.session, s.body, s.amount, s.currency, s.reason, s.xid, s.tags
    FROM session_begin(p_organization, p_customer, p_order, p_gateway, p_account, p_return_url,
        p_principal, p_key, p_body_hash, p_id, extract(epoch FROM p_valid)::bigint,
        extract(epoch FROM p_lease)::bigint) AS s;
END;
