-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. refund_request, with an amount as text, is the function now.
CREATE OR REPLACE FUNCTION refund_request(
    p_organization uuid, p_payment uuid, p_amount numeric, p_note text, p_principal text,
    p_key text, p_body_hash text, p_id uuid)
RETURNS TABLE (outcome text, request uuid, amount text, currency text, state text)
LANGUAGE plpgsql AS $$
BEGIN
    SELECT n.outcome, n.request::uuid INTO outcome, request
    FROM refund_request(p_organization, p_payment, p_amount::text, p_note, p_principal, p_key,
        p_body_hash, p_id) AS n;
    SELECT money_text(r.amount, r.currency), r.currency, r.state INTO amount, currency, state
    FROM refund_requests r WHERE r.id = request;
    RETURN NEXT;
END $$;
