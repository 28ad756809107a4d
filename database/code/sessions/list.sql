-- The newest payment sessions of an organisation.
--   p_customer, p_order, p_status: only this one's, in this one; NULL for all.
--   p_limit: how many. p_signals: whether to say why a session was held.
--   body: the JSON to send.
CREATE OR REPLACE FUNCTION session_list(
    p_organization uuid, p_customer uuid, p_order uuid, p_status text, p_limit integer,
    p_signals boolean)
RETURNS TABLE (body text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object('items',
        coalesce(json_agg(l.item ORDER BY l.created_at DESC, l.id DESC), '[]'), 'limit',
        p_limit)::text
    FROM (
        SELECT s.created_at, s.id, CASE WHEN p_signals AND s.review_score IS NOT NULL
            THEN (session_document(s)::jsonb || jsonb_build_object('review',
                jsonb_build_object('score', s.review_score,
                'signals', s.review_signals, 'releasedBy', s.released_by, 'releasedAt',
                    time_text(s.released_at))))::json
            ELSE session_document(s)::json END AS item
        FROM payment_sessions s
        WHERE s.organization_id = p_organization
            AND (s.status <> 'creating' OR s.released_at IS NOT NULL)
            AND (p_customer IS NULL OR s.customer_id = p_customer)
            AND (p_order IS NULL OR s.order_id = p_order)
            AND (p_status IS NULL OR session_document(s)::json ->> 'status' = p_status)
        ORDER BY s.created_at DESC, s.id DESC LIMIT p_limit
    ) AS l;
END;
