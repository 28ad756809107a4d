-- Adds a row to order_audit: what tells of money, status and parcels of the row that has changed. A
-- session that is deleted leaves none: what is forgotten by its age was no event of its order.
--   payments.actors (a setting of the transaction): the actor by order, where there are several.
-- SECURITY DEFINER: a writer of orders needs no right on the audit.
CREATE OR REPLACE FUNCTION audit_order() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    shown CONSTANT text[] := CASE TG_TABLE_NAME
        WHEN 'orders' THEN ARRAY['status', 'payment_status', 'currency', 'total_amount',
            'deleted_at']
        WHEN 'payment_sessions' THEN ARRAY['id', 'gateway', 'status', 'reason', 'amount',
            'currency', 'external_id', 'external_payment_id', 'released_by']
        WHEN 'guest_tokens' THEN ARRAY['created_by', 'expires_at', 'revoked_at']
        WHEN 'shipments' THEN ARRAY['id', 'carrier', 'tracking_number', 'status']
        -- Invoices and credit notes.
        ELSE ARRAY['id', 'series', 'number', 'issue_date', 'gross_amount', 'currency'] END;
    was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    is_now jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    whole CONSTANT jsonb := coalesce(is_now, was);
BEGIN
    INSERT INTO order_audit (actor, relation, organization_id, order_id, before, after)
    VALUES (coalesce(nullif(current_setting('payments.actors', true), '')::jsonb
            ->> coalesce(whole ->> 'order_id', whole ->> 'id'),
        nullif(current_setting('payments.actor', true), ''), 'user:' || session_user),
        TG_TABLE_NAME, (whole ->> 'organization_id')::uuid,
        coalesce(whole ->> 'order_id', whole ->> 'id')::uuid,
        (SELECT jsonb_object_agg(m.key, m.value) FROM jsonb_each(was) AS m
            WHERE m.key = ANY (shown)),
        (SELECT jsonb_object_agg(m.key, m.value) FROM jsonb_each(is_now) AS m
            WHERE m.key = ANY (shown)));
    RETURN NULL;
END $$;
