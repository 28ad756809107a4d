-- Drops a caller's cart; the order that it may have become stays.
--   xid, tags: the transaction and what it announced. If there was none, the tag all the same: the
--   call that dropped it may not have got to invalidating.
CREATE OR REPLACE FUNCTION checkout_delete(p_organization uuid, p_principal text, p_checkout uuid)
RETURNS TABLE (xid text, tags text[]) LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM checkout_sessions c WHERE c.organization_id = p_organization
        AND c.principal = p_principal AND c.checkout_id = p_checkout;
    IF FOUND THEN
        xid := pg_current_xact_id()::text;
        tags := announced_tags('{checkout_sessions}');
    ELSE
        tags := ARRAY[checkout_tag(p_organization, p_checkout)];
    END IF;
    RETURN NEXT;
END $$;
