-- Tells what came of an attempt. Only the holder of the lease may tell.
--   p_external: the provider's refund, NULL if there is none. p_reason: of a failure, or NULL.
--   p_retry: try again after so long, as the text of an interval (the provider was away, or its
--     answer was lost); NULL together with p_external: the provider said no.
--   done: true, or false if the lease was lost.
CREATE OR REPLACE FUNCTION refund_done(
    p_id uuid, p_lease uuid, p_external text, p_reason text, p_retry text)
RETURNS TABLE (done text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM payment_actor('refund-queue');
    UPDATE refund_requests r SET
        state = CASE WHEN p_external IS NOT NULL THEN 'sent'
            WHEN p_retry IS NOT NULL THEN 'queued' ELSE 'failed' END,
        external_id = p_external,
        reason = p_reason,
        next_attempt_at = now() + coalesce(p_retry::interval, interval '0'),
        leased_until = NULL,
        lease = NULL,
        updated_at = now()
    WHERE r.id = p_id AND r.lease = p_lease AND r.state = 'queued';
    done := FOUND::text;
    RETURN NEXT;
END $$;
