-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. refund_claim is the function now.
CREATE OR REPLACE FUNCTION refund_requests_claim(
    p_limit integer, p_lease interval, p_only uuid DEFAULT NULL)
RETURNS TABLE (request uuid, lease uuid, organization text, order_id text, provider text,
    account text, payment text, amount text, currency text, note text, attempts integer)
LANGUAGE sql
BEGIN ATOMIC
    SELECT c.request::uuid, c.lease::uuid, o.organization_id::text, c.order_id, c.provider,
        c.account, c.payment, c.amount, c.currency, c.note, c.attempts
    FROM refund_claim(p_limit, p_lease::text, p_only) AS c
    LEFT JOIN orders o ON o.id = c.order_id::uuid;
END;
