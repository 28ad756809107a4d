-- Adds a row to payment_audit, unless only updated_at has changed.
--   payments.actors (a setting of the transaction): the actor by order, where there are several.
CREATE OR REPLACE FUNCTION audit_payment() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    is_now jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
BEGIN
    IF was - 'updated_at' IS DISTINCT FROM is_now - 'updated_at' THEN
        INSERT INTO payment_audit (actor, relation, organization_id, order_id, before, after)
        VALUES (coalesce(nullif(current_setting('payments.actors', true), '')::jsonb
                ->> (coalesce(is_now, was) ->> 'order_id'),
            nullif(current_setting('payments.actor', true), ''), 'user:' || session_user),
            TG_TABLE_NAME, (coalesce(is_now, was) ->> 'organization_id')::uuid,
            (coalesce(is_now, was) ->> 'order_id')::uuid, was, is_now);
    END IF;
    RETURN NULL;
END $$;
