-- Keeps the answer to a capture, for a caller that sends the same request again.
--   p_id: the payment or session of capture_begin. p_body: the answer.
CREATE OR REPLACE FUNCTION capture_done(
    p_organization uuid, p_id uuid, p_principal text, p_key text, p_body text)
RETURNS void LANGUAGE sql
BEGIN ATOMIC
    SELECT answer_idempotency_key(p_organization, p_principal,
        format('POST /payments/%s/capture', p_id), p_key, p_body);
END;
