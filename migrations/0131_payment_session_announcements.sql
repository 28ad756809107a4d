-- A payment session that was shown is cached: whoever changes it announces it, as with orders. One that is new, or not shown yet, is in
-- nobody's cache.

CREATE FUNCTION announce_payment_sessions() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    announced text[];
BEGIN
    SELECT array_agg('session:' || r.organization_id || '/' || r.id) INTO announced FROM old_rows r
    WHERE r.status <> 'creating' OR r.released_at IS NOT NULL;
    IF cardinality(announced) > 0 THEN
        INSERT INTO cache_invalidations (tags)
        VALUES (CASE WHEN cardinality(announced) > announced_rows() THEN '{*}' ELSE announced END);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER announce_update AFTER UPDATE ON payment_sessions REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION announce_payment_sessions();
CREATE TRIGGER announce_delete AFTER DELETE ON payment_sessions REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION announce_payment_sessions();
CREATE TRIGGER announce_truncate AFTER TRUNCATE ON payment_sessions FOR EACH STATEMENT EXECUTE FUNCTION announce_everything();
ALTER TABLE payment_sessions ENABLE ALWAYS TRIGGER announce_update, ENABLE ALWAYS TRIGGER announce_delete,
    ENABLE ALWAYS TRIGGER announce_truncate;
