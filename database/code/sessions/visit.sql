-- Moves a session on as its shopper follows the redirect link. The caller has verified the ticket,
-- so it need not say whose session it is.
--   As session_move to awaiting_callback.
CREATE OR REPLACE FUNCTION session_visit(p_session uuid)
RETURNS TABLE (outcome text, body text, status text, redirect_url text, xid text, tags text[])
LANGUAGE plpgsql AS $$
DECLARE
    owner uuid;
BEGIN
    SELECT s.organization_id INTO owner FROM payment_sessions s WHERE s.id = p_session;
    RETURN QUERY SELECT * FROM session_move(owner, p_session, NULL, ARRAY['awaiting_redirect'],
        'awaiting_callback', NULL, 'ticket');
END $$;
