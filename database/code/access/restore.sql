-- Takes a revocation back: its tokens count again.
--   found: 0 if the organisation has no such revocation, else 1.
--   xid, tags: the transaction and what it announced, and what a repeated request finds done.
CREATE OR REPLACE FUNCTION access_restore(p_organization uuid, p_id uuid)
RETURNS TABLE (found integer, xid text, tags text[]) LANGUAGE plpgsql AS $$
DECLARE
    -- plpgsql has a variable `found` of its own, which hides the column.
    v_found integer;
BEGIN
    DELETE FROM access_revocations r WHERE r.organization_id = p_organization AND r.id = p_id;
    GET DIAGNOSTICS v_found = ROW_COUNT;
    RETURN QUERY SELECT v_found, CASE WHEN v_found > 0 THEN pg_current_xact_id()::text END,
        announced_tags('{access_revocations}') || ('access:' || p_organization);
END $$;
