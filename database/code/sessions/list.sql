-- A page of an organisation's payment sessions, the newest first.
--   p_customer, p_order, p_status: only this one's, in this one; NULL for all.
--   p_limit: how many. p_signals: whether to say why a session was held or denied.
--   p_after: the place where the last page ended, NULL for the first page.
--   body: the JSON to send. next: the place where the next page begins, null after the last one.
-- A status is looked up by what is stored: a session that was let go on is shown as held, and one
-- whose time is over as failed. A session whose time is over stays among the open ones until it is
-- swept.
-- Postgres puts this body into the calling statement and plans with the values at hand. The
-- function must stay STABLE, not STRICT, and without SET.
CREATE OR REPLACE FUNCTION session_list(
    p_organization uuid, p_customer uuid, p_order uuid, p_status text, p_limit integer,
    p_signals boolean, p_after text DEFAULT NULL)
RETURNS TABLE (body text) LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH found AS (
        -- Of an order, of a customer, or all: newest first. An order has few.
        (SELECT s.id, s.created_at FROM payment_sessions s
        WHERE (p_order IS NOT NULL OR p_status IS NULL)
            AND s.organization_id = p_organization
            AND (s.status <> 'creating' OR s.released_at IS NOT NULL)
            AND (p_customer IS NULL OR s.customer_id = p_customer)
            AND (p_order IS NULL OR s.order_id = p_order)
            AND (p_status IS NULL
                OR session_shown_status(s.status, s.expires_at) = p_status)
            AND (p_after IS NULL
                OR (s.created_at, s.id) < (place_time(p_after), place_id(p_after)))
        ORDER BY s.created_at DESC, s.id DESC LIMIT p_limit + 1)
        UNION ALL
        -- Of a status, as it is stored; of a customer or all, each by an index of its own.
        (SELECT s.id, s.created_at FROM payment_sessions s
        WHERE p_order IS NULL AND (p_customer IS NULL OR s.customer_id = p_customer)
            AND s.organization_id = p_organization AND s.status = p_status
            AND session_status(s.status, s.expires_at) = s.status
            AND (p_after IS NULL
                OR (s.created_at, s.id) < (place_time(p_after), place_id(p_after)))
        ORDER BY s.created_at DESC, s.id DESC LIMIT p_limit + 1)
        UNION ALL
        -- Shown as held: an operator has let them go on.
        (SELECT s.id, s.created_at FROM payment_sessions s
        WHERE p_order IS NULL AND (p_customer IS NULL OR s.customer_id = p_customer)
            AND p_status = 'needs_review'
            AND s.organization_id = p_organization AND s.status = 'creating'
            AND s.released_at IS NOT NULL AND s.expires_at > now()
            AND (p_after IS NULL
                OR (s.created_at, s.id) < (place_time(p_after), place_id(p_after)))
        ORDER BY s.created_at DESC, s.id DESC LIMIT p_limit + 1)
        UNION ALL
        -- Failed by their time alone, and not swept yet.
        (SELECT s.id, s.created_at FROM payment_sessions s
        WHERE p_order IS NULL AND (p_customer IS NULL OR s.customer_id = p_customer)
            AND p_status = 'failed'
            AND s.organization_id = p_organization
            AND s.status IN ('creating', 'needs_review', 'awaiting_redirect', 'awaiting_callback')
            AND s.expires_at <= now()
            AND (s.status <> 'creating' OR s.released_at IS NOT NULL)
            AND (p_after IS NULL
                OR (s.created_at, s.id) < (place_time(p_after), place_id(p_after)))
        ORDER BY s.created_at DESC, s.id DESC LIMIT p_limit + 1)
    ), page AS MATERIALIZED (
        -- One more than is shown tells whether there is a next page.
        SELECT f.id, f.created_at FROM found f
        ORDER BY f.created_at DESC, f.id DESC LIMIT p_limit + 1
    )
    SELECT json_build_object(
        'items', coalesce((SELECT json_agg(CASE WHEN p_signals THEN session_staff_document(s)
                ELSE session_document(s)::json END ORDER BY p.created_at DESC, p.id DESC)
            FROM (SELECT * FROM page ORDER BY created_at DESC, id DESC LIMIT p_limit) AS p
            JOIN payment_sessions s ON s.id = p.id), '[]'),
        'limit', p_limit,
        'next', CASE WHEN (SELECT count(*) FROM page) > p_limit
            THEN (SELECT place_text(p.created_at, p.id) FROM page p
                ORDER BY p.created_at DESC, p.id DESC LIMIT 1 OFFSET p_limit - 1) END)::text;
END;
