-- What was answered to a capture, for whoever sends the same request again.
CREATE OR REPLACE FUNCTION payment_capture_done(p_organization uuid, p_id uuid, p_principal text, p_key text, p_body text) RETURNS void LANGUAGE sql
BEGIN ATOMIC
    UPDATE idempotency_keys k SET body = p_body WHERE k.principal = p_principal AND k.route = format('POST /payments/%s/capture', p_id)
        AND k.key = p_key AND k.organization_id = p_organization;
END;
