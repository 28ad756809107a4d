-- Creates an organisation, once per Idempotency-Key.
--   p_organization: the caller's own, whose key it is.
--   p_request: {name, legalName, cui, tradeRegister?, address, vatRate?, iban?}, validated before.
--   p_key: the Idempotency-Key. p_body_hash: of the request's body. p_id: the id to give.
--   outcome: created; replay (body, version: the stored answer); mismatch (the key was used for
--     another body); cui_taken (another organisation has the tax id). If none is created, the key
--     is free.
--   body: the JSON of the organisation as it was created. version: its version.
--   xid, tags: NULL and empty. Nothing is cached of an organisation that isn't there.
CREATE OR REPLACE FUNCTION organization_create(p_organization uuid, p_request jsonb,
    p_principal text, p_key text, p_body_hash text, p_id uuid)
RETURNS TABLE (outcome text, body text, version bigint, xid text, tags text[])
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    tags := '{}';
    SELECT k.outcome, k.body, k.version INTO outcome, body, version
    FROM take_idempotency_key(p_organization, p_principal, 'POST /organizations', p_key,
        p_body_hash) AS k;
    IF outcome <> 'taken' THEN
        RETURN NEXT;
        RETURN;
    END IF;
    INSERT INTO organizations (id, name, legal_name, cui, trade_register, address, vat_rate, iban)
    VALUES (p_id, p_request ->> 'name', p_request ->> 'legalName', p_request ->> 'cui',
        p_request ->> 'tradeRegister', p_request -> 'address',
        coalesce((p_request ->> 'vatRate')::numeric, 21), p_request ->> 'iban')
    ON CONFLICT (cui) DO NOTHING;
    IF FOUND THEN
        outcome := 'created';
        SELECT d.document::text, d.version INTO STRICT body, version
        FROM organization_documents d WHERE d.id = p_id;
        PERFORM answer_idempotency_key(p_organization, p_principal, 'POST /organizations', p_key,
            organization_create.body, organization_create.version);
    ELSE
        outcome := 'cui_taken';
        PERFORM free_idempotency_key(p_organization, p_principal, 'POST /organizations', p_key);
    END IF;
    RETURN NEXT;
END $$;
