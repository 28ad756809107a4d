-- Gives open events the state and reason that they come to by now.
-- In plpgsql, since a session keeps its plans: every event runs this.
CREATE OR REPLACE FUNCTION webhook_judge(p_events uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE webhook_events e SET state = j.state, reason = j.reason,
        applied_at = CASE WHEN j.state = 'applied' THEN now() END
    FROM (
        SELECT o.id, v.state, v.reason FROM webhook_events o,
            LATERAL payment_event_verdict(o.id) AS v
        WHERE o.id = ANY (p_events) AND o.state IN ('received', 'needs_review')
    ) AS j
    WHERE e.id = j.id AND e.state IN ('received', 'needs_review')
        AND (e.state, e.reason) IS DISTINCT FROM (j.state, j.reason);
END $$;
