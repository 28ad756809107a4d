-- The facts about a customer that wants to pay an order, for a fraud score. No row: no such order
-- for this caller.
--   p_customer: the order must be this customer's; NULL for any.
--   p_session: a session that doesn't count, since it is the one that is asked about.
--   paid_before: captured payments in the order's currency.
--   percent_of_largest: the order's total in per cent of the largest of them; NULL if there is
--   none.
CREATE OR REPLACE FUNCTION session_facts(
    p_organization uuid, p_order uuid, p_customer uuid, p_session uuid)
RETURNS TABLE (sessions_last_hour bigint, failed_last_day bigint, paid_before bigint,
    percent_of_largest bigint)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT (SELECT count(*) FROM payment_sessions s WHERE s.organization_id = o.organization_id
        AND s.customer_id = o.customer_id
        AND s.created_at > now() - interval '1 hour' AND s.id IS DISTINCT FROM p_session),
        p.failed, p.paid,
        CASE WHEN p.largest > 0
            THEN least(floor(o.total_amount * 100 / p.largest), 1000000)::bigint END
    FROM orders o CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE p.status = 'failed'
            AND p.updated_at > now() - interval '1 day') AS failed,
            count(*) FILTER (WHERE p.captured_at IS NOT NULL AND p.currency = o.currency) AS paid,
            max(p.amount) FILTER (WHERE p.captured_at IS NOT NULL
                AND p.currency = o.currency) AS largest
        FROM payments p WHERE p.organization_id = o.organization_id
            AND p.customer_id = o.customer_id
    ) AS p
    WHERE o.organization_id = p_organization AND o.id = p_order AND o.deleted_at IS NULL
        AND (p_customer IS NULL OR o.customer_id = p_customer);
END;
