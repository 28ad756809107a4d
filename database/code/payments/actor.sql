-- Says, for the rest of this transaction, who is changing payments.
-- In plpgsql, since a session keeps its plans: every write runs this.
CREATE OR REPLACE FUNCTION payment_actor(p_actor text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('payments.actor', p_actor, true);
END $$;
