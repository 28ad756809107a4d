-- One refund that was asked for. No row: not found.
--   body: the JSON to send. state, reason: as in refund_requests.
CREATE OR REPLACE FUNCTION refund_get(p_organization uuid, p_id uuid)
RETURNS TABLE (body text, state text, reason text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT refund_document(r), r.state, r.reason FROM refund_requests r
    WHERE r.organization_id = p_organization AND r.id = p_id;
END;
