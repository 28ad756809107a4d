-- The capture that was asked for after so many refusals has been refused, too. Told by several at once it is one refusal.
CREATE OR REPLACE FUNCTION payment_capture_refused(p_gateway text, p_external text, p_refusals integer) RETURNS text[] LANGUAGE plpgsql AS $$
BEGIN
    UPDATE payment_sessions s SET capture_refusals = p_refusals + 1
    WHERE s.gateway = p_gateway AND s.external_id = p_external AND s.capture_refusals = p_refusals;
    RETURN announced_tags();
END $$;
