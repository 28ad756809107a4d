-- Changes an order. It is locked first, so that nothing that is decided on can change meanwhile.
--   p_customer: the order must be this customer's; NULL for any.
--   p_version: only this version; NULL for any. The last release asks so.
--   p_only: only one of these versions; NULL for any. p_unless: none of these versions; 0 in it
--     stands for all.
--   p_status: the new status, NULL to keep it. p_from: the statuses that it may follow.
--   p_set_notes, p_set_address: whether to set p_notes and p_address.
--   p_actor: the principal that asks, for the audit.
--   outcome: updated; not_found; version_mismatch; not_allowed (by p_from).
--   body: the JSON of the order if it was updated, else NULL. version, status: as they are now.
--   xid, tags: the transaction and what it announced; NULL and empty if nothing was written.
CREATE OR REPLACE FUNCTION order_patch(
    p_organization uuid, p_id uuid, p_customer uuid, p_version bigint,
    p_status text, p_from text[], p_set_notes boolean, p_notes text, p_address jsonb,
    p_set_address boolean, p_only bigint[] DEFAULT NULL, p_unless bigint[] DEFAULT '{}',
    p_actor text DEFAULT NULL)
RETURNS TABLE (outcome text, body text, version bigint, status text, xid text, tags text[])
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    tags := '{}';
    PERFORM payment_actor(p_actor);
    SELECT o.version, o.status INTO version, status FROM orders o
    WHERE o.organization_id = p_organization AND o.id = p_id AND o.deleted_at IS NULL
        AND (p_customer IS NULL OR o.customer_id = p_customer)
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        outcome := 'not_found';
    ELSIF p_version <> version OR version <> ALL (p_only)
        OR version = ANY (p_unless) OR 0 = ANY (p_unless) THEN
        outcome := 'version_mismatch';
    ELSIF p_status IS NOT NULL AND NOT coalesce(status = ANY (p_from), false) THEN
        outcome := 'not_allowed';
    ELSE
        UPDATE orders o SET
            status = coalesce(p_status, o.status),
            notes = CASE WHEN p_set_notes THEN p_notes ELSE o.notes END,
            shipping_address = CASE WHEN p_set_address THEN nullif(p_address, 'null')
                ELSE o.shipping_address END
        WHERE o.id = p_id;
        SELECT d.document::text, d.version, d.document ->> 'status'
            INTO STRICT body, version, status
        FROM order_documents d WHERE d.organization_id = p_organization AND d.id = p_id;
        outcome := 'updated';
        xid := pg_current_xact_id()::text;
        tags := announced_tags('{orders}');
    END IF;
    RETURN NEXT;
END $$;
