-- The number of open events by state and reason, and the age of the oldest in seconds, for metrics.
-- Dismissed events don't count.
CREATE OR REPLACE VIEW webhook_event_counts AS
SELECT state, coalesce(reason, '') AS reason, count(*) AS events,
    extract(epoch FROM now() - min(received_at)) AS oldest_seconds
FROM webhook_events WHERE state IN ('received', 'needs_review')
    AND dismissed_at IS NULL GROUP BY state, coalesce(reason, '');
