-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. session_abandon is the function now.
CREATE OR REPLACE FUNCTION payment_session_abandon(p_organization uuid, p_id uuid)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM session_abandon(p_id, p_organization);
END $$;
