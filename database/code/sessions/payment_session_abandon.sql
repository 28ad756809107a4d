-- Nothing came of it before a provider was asked, or the provider has said no: the key and the order's place are free again.
-- (One that an operator has let go on was shown, so it stays and has failed.)
CREATE OR REPLACE FUNCTION payment_session_abandon(p_organization uuid, p_id uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM payment_sessions s WHERE s.organization_id = p_organization AND s.id = p_id AND s.status = 'creating' AND s.released_at IS NULL;
    UPDATE payment_sessions s SET status = 'failed', reason = 'refused', updated_at = now()
    WHERE s.organization_id = p_organization AND s.id = p_id AND s.status = 'creating';
END $$;
