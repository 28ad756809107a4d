-- The return page's view of a session: no more than its shopper knows. The caller has verified
-- the ticket. No row: not found.
--   return_url: the shop's page.
CREATE OR REPLACE FUNCTION session_return(p_session uuid)
RETURNS TABLE (status text, amount text, currency text, return_url text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT session_shown_status(s.status, s.expires_at), money_text(s.amount, s.currency),
        s.currency::text, s.return_url
    FROM payment_sessions s
    WHERE s.id = p_session AND (s.status <> 'creating' OR s.released_at IS NOT NULL);
END;
