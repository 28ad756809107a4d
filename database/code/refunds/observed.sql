-- Settles a refund that was asked for by the provider's refund that names it: it was made, whatever
-- was known of it before. The provider's refund counts for the payment from now on, so the request
-- no longer does.
--   p_object: the JSON of commerce's ProviderObject.
-- In plpgsql, since a session keeps its plans: every fold runs this.
CREATE OR REPLACE FUNCTION refund_observed(p_provider text, p_account text, p_object jsonb)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE refund_requests r SET state = 'sent', external_id = p_object ->> 'id', reason = NULL,
        leased_until = NULL, lease = NULL, updated_at = now()
    FROM payments p
    WHERE p_object ->> 'kind' = 'refund' AND r.id = (p_object ->> 'request')::uuid
        AND r.state <> 'sent' AND p.id = r.payment_id
        AND (p.provider, p.account) = (p_provider, p_account);
END $$;
