-- Tells what came of an attempt. Only the holder of the lease may tell.
--   p_external: the provider's refund, NULL if there is none. p_reason: of a failure, or NULL.
--   p_retry: try again after so long, as the text of an interval (the provider was away, or its
--     answer was lost); NULL together with p_external: the provider said no.
--   p_unsent: nothing has left for the provider, so nothing of this attempt is in doubt.
--   p_review: nobody knows, and sending it again can't tell; together with p_retry NULL.
--   p_rests: as provider_rest takes it.
--   done: true, or false if the lease was lost and the refund isn't known to be made.
CREATE OR REPLACE FUNCTION refund_done(
    p_id uuid, p_lease uuid, p_external text, p_reason text, p_retry text,
    p_unsent boolean DEFAULT false, p_review boolean DEFAULT false,
    p_rests jsonb DEFAULT NULL)
RETURNS TABLE (done text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM provider_rest(p_rests);
    PERFORM payment_actor('refund-queue');
    UPDATE refund_requests r SET
        state = CASE WHEN p_external IS NOT NULL THEN 'sent'
            WHEN p_retry IS NOT NULL THEN 'queued'
            WHEN p_review THEN 'needs_review' ELSE 'failed' END,
        external_id = p_external,
        reason = p_reason,
        -- The claim has set both times to its own moment if it was the first.
        first_attempt_at = CASE WHEN NOT (p_unsent AND r.first_attempt_at = r.updated_at)
            THEN r.first_attempt_at END,
        next_attempt_at = now() + coalesce(p_retry::interval, interval '0'),
        leased_until = NULL,
        lease = NULL,
        updated_at = now()
    WHERE r.id = p_id AND r.lease = p_lease AND r.state = 'queued';
    -- The provider's answer settles the refund when it is folded, before it is told here.
    done := (FOUND OR EXISTS (SELECT FROM refund_requests r
        WHERE r.id = p_id AND r.external_id = p_external))::text;
    RETURN NEXT;
END $$;
