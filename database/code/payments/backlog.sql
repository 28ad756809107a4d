-- The work that payments still have to do, or an operator has to look at. One row.
--   body: {webhookEvents: [{state, reason, count, oldestSeconds}],
--     refunds: [{state, count, oldestSeconds}], sessions: [{gateway, status, count,
--     oldestSeconds}], stockHolds: [{state, count, oldestSeconds}],
--     resting: [provider], signing}.
-- resting: the providers that are left alone. signing: the certificate of PayPal's that passed
-- last, in PEM, or null.
-- Refunds that were sent are left out, and so are, a day later, those that failed: nothing more
-- becomes of them.
CREATE OR REPLACE FUNCTION payment_backlog() RETURNS TABLE (body text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object(
        'webhookEvents', (SELECT coalesce(json_agg(json_build_object('state', w.state, 'reason',
            w.reason, 'count', w.events,
                'oldestSeconds', w.oldest_seconds) ORDER BY w.state, w.reason), '[]')
                    FROM webhook_event_counts w),
        'refunds', (SELECT coalesce(json_agg(json_build_object('state', r.state, 'count',
            r.requests,
                'oldestSeconds', r.oldest_seconds) ORDER BY r.state), '[]')
            FROM (SELECT q.state, count(*) AS requests,
                extract(epoch FROM now() - min(q.created_at)) AS oldest_seconds
                FROM refund_requests q WHERE q.state IN ('queued', 'needs_review')
                    OR q.state = 'failed' AND q.updated_at > now() - interval '1 day'
                GROUP BY q.state) AS r),
        'sessions', (SELECT coalesce(json_agg(json_build_object('gateway', s.gateway, 'status',
            s.status, 'count', s.sessions, 'oldestSeconds', s.oldest_seconds)
                ORDER BY s.gateway, s.status), '[]')
            FROM (SELECT o.gateway, o.status, count(*) AS sessions,
                extract(epoch FROM now() - min(o.created_at)) AS oldest_seconds
                FROM payment_sessions o
                WHERE o.status IN ('creating', 'needs_review', 'awaiting_redirect',
                    'awaiting_callback') AND o.expires_at > now()
                GROUP BY o.gateway, o.status) AS s),
        'stockHolds', (SELECT coalesce(json_agg(json_build_object('state', h.state, 'count',
            h.holds, 'oldestSeconds', h.oldest_seconds) ORDER BY h.state), '[]')
            FROM (SELECT t.state, count(*) AS holds,
                extract(epoch FROM now() - min(t.created_at)) AS oldest_seconds
                FROM stock_holds t
                WHERE t.state IN ('optimistic', 'stock_missing', 'releasing', 'deducting')
                GROUP BY t.state) AS h),
        'resting', (SELECT coalesce(json_agg(p.provider ORDER BY p.provider), '[]')
            FROM provider_rests p WHERE p.until > now()),
        'signing', (SELECT c.pem FROM provider_certificates c
            ORDER BY c.passed_at DESC, c.url LIMIT 1))::text;
END;
