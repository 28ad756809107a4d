-- Whether money may still come through a session, whatever has become of it here. A shopper may pay
-- on a page of the provider's that is open longer than the session, and some ways to pay take
-- fourteen days to settle: thirty cover both. Gateway other has no page.
CREATE OR REPLACE FUNCTION session_may_be_paid(s payment_sessions) RETURNS boolean
LANGUAGE sql STABLE
RETURN CASE WHEN s.gateway = 'other' THEN false
    -- The provider is being asked: nobody knows yet what it has made.
    WHEN s.status = 'creating' THEN greatest(s.expires_at, s.leased_until) > now()
    ELSE s.external_id IS NOT NULL AND s.created_at > now() - interval '30 days' END;
