-- Counts a refused capture, and ends it. Several callers that tell of one refusal count it once.
--   p_external: the provider's order. p_refusals: the number of refusals before.
--   xid, tags: the transaction and what it announced.
CREATE OR REPLACE FUNCTION capture_refused(p_gateway text, p_external text, p_refusals integer)
RETURNS TABLE (xid text, tags text[]) LANGUAGE plpgsql AS $$
BEGIN
    UPDATE payment_sessions s SET capture_refusals = p_refusals + 1
    WHERE s.gateway = p_gateway AND s.external_id = p_external AND s.capture_refusals = p_refusals;
    DELETE FROM captures_under_way c WHERE c.session_id = (SELECT s.id FROM payment_sessions s
        WHERE s.gateway = p_gateway AND s.external_id = p_external);
    xid := pg_current_xact_id()::text;
    tags := announced_tags('{payment_sessions}');
    RETURN NEXT;
END $$;
