-- Tells what came of an attempt. p_external: the provider's refund. p_retry: try again after so long (the provider was away, its answer was lost).
-- Neither: the provider said no, for p_reason. Only the holder of the lease may tell; false: it isn't anymore.
CREATE OR REPLACE FUNCTION refund_request_done(p_id uuid, p_lease uuid, p_external text, p_reason text, p_retry interval) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM payment_actor('refund-queue');
    UPDATE refund_requests r SET
        state = CASE WHEN p_external IS NOT NULL THEN 'sent' WHEN p_retry IS NOT NULL THEN 'queued' ELSE 'failed' END,
        external_id = p_external,
        reason = p_reason,
        next_attempt_at = now() + coalesce(p_retry, interval '0'),
        leased_until = NULL,
        lease = NULL,
        updated_at = now()
    WHERE r.id = p_id AND r.lease = p_lease AND r.state = 'queued';
    RETURN FOUND;
END $$;
