-- The provider was away, and the caller has given up for now: the next one need not wait for the lease. The tags of what was shown.
CREATE OR REPLACE FUNCTION payment_session_release(p_organization uuid, p_id uuid) RETURNS text[] LANGUAGE plpgsql AS $$
BEGIN
    UPDATE payment_sessions s SET leased_until = now(), updated_at = now()
    WHERE s.organization_id = p_organization AND s.id = p_id AND s.status = 'creating';
    RETURN announced_tags();
END $$;
