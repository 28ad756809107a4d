-- Gives rows of another cluster's numbers this transaction's. A restore into a new cluster keeps
-- the numbers of the old one, which the new one hasn't come to: an export would wait for them.
-- Gives the number of rows. It is called after a restore, by the owner of the table.
CREATE OR REPLACE FUNCTION transaction_renumber() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    renumbered bigint;
BEGIN
    PERFORM set_config('payments.renumber', 'on', true);
    UPDATE payment_transactions t SET xid = pg_current_xact_id()
    WHERE t.xid >= pg_snapshot_xmax(pg_current_snapshot());
    GET DIAGNOSTICS renumbered = ROW_COUNT;
    PERFORM set_config('payments.renumber', 'off', true);
    RETURN renumbered;
END $$;
