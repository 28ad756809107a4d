-- The stretch of the ledger that an export has: from where the last one ended to where no
-- transaction can still commit.
--   p_after: the place where the last export ended, NULL for the first.
--   outcome: begun; another_history (the place is of another database, or of this one before it was
--     restored: its numbers say nothing here); renumber (rows have numbers of another cluster:
--     transaction_renumber has to be called).
--   from_xid, until_xid: the stretch; until_xid isn't in it. next: the place where it ends.
CREATE OR REPLACE FUNCTION transaction_export_begin(p_organization uuid, p_after text)
RETURNS TABLE (outcome text, from_xid text, until_xid text, next text) LANGUAGE plpgsql STABLE AS $$
DECLARE
    history CONSTANT text := left(md5(database_history()), 12);
    snapshot CONSTANT pg_snapshot := pg_current_snapshot();
BEGIN
    from_xid := coalesce(split_part(p_after, '_', 1), '0');
    until_xid := pg_snapshot_xmin(snapshot)::text;
    next := until_xid || '_' || history;
    outcome := CASE
        WHEN split_part(p_after, '_', 2) <> history OR from_xid::xid8 > until_xid::xid8
            THEN 'another_history'
        WHEN EXISTS (SELECT FROM payment_transactions t
            WHERE t.organization_id = p_organization AND t.xid >= pg_snapshot_xmax(snapshot))
            THEN 'renumber'
        ELSE 'begun' END;
    RETURN NEXT;
END $$;
