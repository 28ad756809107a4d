-- The tags of the order that an event has changed, and of the order's sessions. An answer that says
-- "it is done" vouches for every later read, even if the writer never got to invalidating.
-- Volatile: it has to see what was committed while its statement waited.
CREATE OR REPLACE FUNCTION webhook_tags(p_event uuid) RETURNS text[] LANGUAGE plpgsql AS $$
BEGIN
    RETURN coalesce((
        SELECT order_tags(o.organization_id, o.id, o.customer_id, o.status)
            || ARRAY(SELECT 'session:' || s.organization_id || '/' || s.id FROM payment_sessions s
                WHERE s.order_id = o.id)
        FROM webhook_events e JOIN orders o ON o.id = e.order_id WHERE e.id = p_event), '{}');
END $$;
