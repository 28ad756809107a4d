-- One payment session, expired or not. No row: not found, or not shown yet.
--   body: the JSON to send. version: NULL. customer: the session's.
--   ttl_ms: for how many milliseconds the session stays as it is by itself; NULL without an end.
CREATE OR REPLACE FUNCTION session_get(p_organization uuid, p_session uuid)
RETURNS TABLE (body text, version bigint, customer text, ttl_ms bigint) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT d.body, NULL::bigint, s.customer_id::text,
        CASE WHEN d.body::json ->> 'status'
                IN ('needs_review', 'awaiting_redirect', 'awaiting_callback')
            THEN greatest(1, extract(epoch FROM s.expires_at - now()) * 1000)::bigint END
    FROM payment_sessions s CROSS JOIN LATERAL session_document(s) AS d (body)
    WHERE s.organization_id = p_organization AND s.id = p_session
        AND (s.status <> 'creating' OR s.released_at IS NOT NULL);
END;
