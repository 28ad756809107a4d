-- The last release called this signature. Its instances run until the next release has taken their
-- place: then this file goes. webhook_apply is the function now.
CREATE OR REPLACE FUNCTION webhook_event_apply(
    p_event uuid, p_objects jsonb, p_trusted boolean, p_resource text DEFAULT NULL,
    p_agrees boolean DEFAULT false)
RETURNS TABLE (outcome text, reason text, payment_status text, xid text, tags text[])
LANGUAGE sql
BEGIN ATOMIC
    SELECT * FROM webhook_apply(p_event, p_objects, p_trusted, p_resource, p_agrees);
END;
