-- Every change of a payment, of an object at a provider, of a refund to be sent: what it was and what it became. Rows are only added.

CREATE TABLE payment_audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    -- Which event or principal it was, where the transaction has said so (payment_actor); else the database's user.
    actor text NOT NULL,
    relation text NOT NULL,
    organization_id uuid,
    order_id uuid,
    -- NULL: it wasn't there, or is gone.
    before jsonb,
    after jsonb
);

CREATE INDEX payment_audit_order ON payment_audit (order_id, id) WHERE order_id IS NOT NULL;

-- Says for the rest of this transaction who is changing payments.
CREATE FUNCTION payment_actor(p_actor text) RETURNS void LANGUAGE sql
BEGIN ATOMIC
    SELECT set_config('payments.actor', p_actor, true);
END;

CREATE FUNCTION audit_payment() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    is_now jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
BEGIN
    IF was - 'updated_at' IS DISTINCT FROM is_now - 'updated_at' THEN
        INSERT INTO payment_audit (actor, relation, organization_id, order_id, before, after)
        VALUES (coalesce(nullif(current_setting('payments.actor', true), ''), 'user:' || session_user), TG_TABLE_NAME,
            (coalesce(is_now, was) ->> 'organization_id')::uuid, (coalesce(is_now, was) ->> 'order_id')::uuid, was, is_now);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON payments FOR EACH ROW EXECUTE FUNCTION audit_payment();
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON payment_objects FOR EACH ROW EXECUTE FUNCTION audit_payment();
ALTER TABLE payments ENABLE ALWAYS TRIGGER audit;
ALTER TABLE payment_objects ENABLE ALWAYS TRIGGER audit;

CREATE FUNCTION keep_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'payment_audit is only added to';
END $$;

CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_audit FOR EACH STATEMENT EXECUTE FUNCTION keep_audit();
