-- Says, for the rest of this transaction, who is changing payments.
CREATE OR REPLACE FUNCTION payment_actor(p_actor text) RETURNS void LANGUAGE sql
BEGIN ATOMIC
    SELECT set_config('payments.actor', p_actor, true);
END;
