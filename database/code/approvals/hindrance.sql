-- The reason why what a session has opened must not be captured: as not_payable says it of the
-- order over the session's sum; another-session, if another one of the order is open or completed;
-- another-capture, if another one is being captured. NULL: it may be. The session's own time
-- doesn't count: its shopper may have been late.
CREATE OR REPLACE FUNCTION approval_hindrance(s payment_sessions, o orders) RETURNS text
LANGUAGE sql STABLE
RETURN coalesce(
    not_payable(o, s.amount, s.currency),
    (SELECT CASE WHEN bool_or(session_status(t.status, t.expires_at) <> 'failed')
            THEN 'another-session' ELSE 'another-capture' END
        FROM payment_sessions t WHERE t.order_id = s.order_id AND t.id <> s.id
            AND (session_status(t.status, t.expires_at) <> 'failed' OR approval_under_way(t.id))
        HAVING count(*) > 0));
