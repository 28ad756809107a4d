-- Changes an order. It is locked first, so that nothing that is decided on can change meanwhile.
--   p_customer: the order must be this customer's; NULL for any.
--   p_version: only this version; NULL for any. The last release asks so.
--   p_only: only one of these versions; NULL for any. p_unless: none of these versions; 0 in it
--     stands for all.
--   p_status: the new status, NULL to keep it. p_from: the statuses that it may follow.
--   p_set_notes, p_set_address: whether to set p_notes and p_address.
--   p_actor: the principal that asks, for the audit.
--   p_items, p_inventory: the new items, as order_create takes them; NULL to keep them.
--   p_items_from: the statuses in which they may be changed.
--   outcome: updated; not_found; version_mismatch; not_allowed (by p_from); else why the items
--     can't be changed, as order_replace_items says it.
--   body: the JSON of the order if it was updated, else NULL. version, status, customer: as they
--     are now.
--   xid, tags: the transaction and what it announced; NULL and empty if nothing was written.
CREATE OR REPLACE FUNCTION order_patch(
    p_organization uuid, p_id uuid, p_customer uuid, p_version bigint,
    p_status text, p_from text[], p_set_notes boolean, p_notes text, p_address jsonb,
    p_set_address boolean, p_only bigint[] DEFAULT NULL, p_unless bigint[] DEFAULT '{}',
    p_actor text DEFAULT NULL, p_items jsonb DEFAULT NULL, p_items_from text[] DEFAULT '{}',
    p_inventory text DEFAULT NULL)
RETURNS TABLE (outcome text, body text, version bigint, status text, xid text, tags text[],
    customer text)
-- A session plans it once: whatever the values are, its statements find rows by their keys.
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    o orders;
BEGIN
    tags := '{}';
    PERFORM payment_actor(p_actor);
    IF p_items IS NOT NULL THEN
        -- Another total is another verdict on payments: their lock comes before the row's.
        PERFORM payment_lock_orders(ARRAY[p_id::text], false);
    END IF;
    SELECT * INTO o FROM orders t
    WHERE t.organization_id = p_organization AND t.id = p_id AND t.deleted_at IS NULL
        AND (p_customer IS NULL OR t.customer_id = p_customer)
    FOR NO KEY UPDATE;
    version := o.version;
    status := o.status;
    customer := o.customer_id::text;
    IF o.id IS NULL THEN
        outcome := 'not_found';
    ELSIF p_version <> version OR version <> ALL (p_only)
        OR version = ANY (p_unless) OR 0 = ANY (p_unless) THEN
        outcome := 'version_mismatch';
    ELSIF p_status IS NOT NULL AND NOT coalesce(status = ANY (p_from), false) THEN
        outcome := 'not_allowed';
    ELSIF p_items IS NOT NULL THEN
        outcome := order_replace_items(o, p_items, p_items_from, p_inventory);
    END IF;
    IF outcome IS NULL THEN
        UPDATE orders t SET
            status = coalesce(p_status, t.status),
            notes = CASE WHEN p_set_notes THEN p_notes ELSE t.notes END,
            shipping_address = CASE WHEN p_set_address THEN nullif(p_address, 'null')
                ELSE t.shipping_address END
        WHERE t.id = p_id;
        SELECT d.document::text, d.version, d.document ->> 'status'
            INTO STRICT body, version, status
        FROM order_documents d WHERE d.organization_id = p_organization AND d.id = p_id;
        outcome := 'updated';
        xid := pg_current_xact_id()::text;
        tags := announced_tags('{orders,order_items}', CASE WHEN version > o.version
            THEN 'order:' || p_organization || '/' || p_id END);
    END IF;
    RETURN NEXT;
END $$;
