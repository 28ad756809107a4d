-- Deletes an order: hides it, or, hard, removes it with its items and shipments, hidden or not.
--   p_version: only this version; NULL for any. The last release asks so.
--   p_only: only one of these versions; NULL for any. p_unless: none of these versions; 0 in it
--     stands for all.
--   p_actor: the principal that asks, for the audit.
--   outcome: deleted; not_found; version_mismatch; has_payments (hard only: money has moved, is
--     reserved, or may still come through a session, and it must find its order); has_invoice (hard
--     only: what was issued stays).
--   body: NULL. version: as it was found.
--   xid: the transaction, NULL if nothing was written. tags: what to invalidate before the answer:
--     what the transaction announced, and what a repeated request finds done.
CREATE OR REPLACE FUNCTION order_delete(p_organization uuid, p_id uuid, p_hard boolean,
    p_version bigint, p_only bigint[] DEFAULT NULL, p_unless bigint[] DEFAULT '{}',
    p_actor text DEFAULT NULL)
RETURNS TABLE (outcome text, body text, version bigint, xid text, tags text[])
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    tags := '{}';
    PERFORM payment_actor(p_actor);
    -- FOR UPDATE keeps out a payment that is being recorded. A hidden order can still be deleted
    -- for good.
    SELECT o.version INTO version FROM orders o
    WHERE o.organization_id = p_organization AND o.id = p_id AND (o.deleted_at IS NULL OR p_hard)
    FOR UPDATE;
    IF NOT FOUND THEN
        outcome := 'not_found';
        -- This may repeat a deletion that was committed and never answered: the order must not
        -- be found in the cache any more.
        SELECT order_tags(p_organization, p_id, o.customer_id, o.status) INTO tags FROM orders o
        WHERE o.organization_id = p_organization AND o.id = p_id;
        tags := coalesce(tags,
            ARRAY['order:' || p_organization || '/' || p_id, 'org:' || p_organization,
                'counts:' || p_organization, 'all', 'lists:' || p_organization]);
    ELSIF p_version <> version OR version <> ALL (p_only)
        OR version = ANY (p_unless) OR 0 = ANY (p_unless) THEN
        outcome := 'version_mismatch';
    ELSIF p_hard AND (EXISTS (SELECT FROM payments p WHERE p.order_id = p_id)
        OR EXISTS (SELECT FROM payment_objects b WHERE b.order_id = p_id)
        OR EXISTS (SELECT FROM payment_sessions s WHERE s.order_id = p_id
            AND session_may_be_paid(s))) THEN
        outcome := 'has_payments';
    ELSIF p_hard AND EXISTS (SELECT FROM invoices n WHERE n.order_id = p_id) THEN
        outcome := 'has_invoice';
    ELSE
        IF p_hard THEN
            DELETE FROM orders o WHERE o.id = p_id;
        ELSE
            UPDATE orders o SET deleted_at = now() WHERE o.id = p_id;
        END IF;
        outcome := 'deleted';
        xid := pg_current_xact_id()::text;
        tags := announced_tags('{orders}');
    END IF;
    RETURN NEXT;
END $$;
