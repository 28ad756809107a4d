-- Creates a customer, once per Idempotency-Key.
--   p_request: {name, email, companyName?, cui?, address}, validated before.
--   p_key: the Idempotency-Key. p_body_hash: of the request's body. p_id: the id to give.
--   outcome: created; replay (body, version: the stored answer); mismatch (the key was used for
--     another body); email_taken (another customer of the organisation has the address). If no
--     customer is created, the key is free.
--   body: the JSON of the customer as it was created. version: its version.
--   xid, tags: NULL and empty. Nothing is cached of a customer that isn't there.
CREATE OR REPLACE FUNCTION customer_create(p_organization uuid, p_request jsonb, p_principal text,
    p_key text, p_body_hash text, p_id uuid)
RETURNS TABLE (outcome text, body text, version bigint, xid text, tags text[])
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    tags := '{}';
    SELECT k.outcome, k.body, k.version INTO outcome, body, version
    FROM take_idempotency_key(p_organization, p_principal, 'POST /customers', p_key,
        p_body_hash) AS k;
    IF outcome <> 'taken' THEN
        RETURN NEXT;
        RETURN;
    END IF;
    INSERT INTO customers (id, organization_id, name, email, company_name, cui, address)
    VALUES (p_id, p_organization, p_request ->> 'name', p_request ->> 'email',
        p_request ->> 'companyName', p_request ->> 'cui', p_request -> 'address')
    ON CONFLICT (organization_id, lower(email)) WHERE NOT guest DO NOTHING;
    IF FOUND THEN
        outcome := 'created';
        SELECT d.document::text, d.version INTO STRICT body, version
        FROM customer_documents d WHERE d.organization_id = p_organization AND d.id = p_id;
        PERFORM answer_idempotency_key(p_organization, p_principal, 'POST /customers', p_key,
            customer_create.body, customer_create.version);
    ELSE
        outcome := 'email_taken';
        PERFORM free_idempotency_key(p_organization, p_principal, 'POST /customers', p_key);
    END IF;
    RETURN NEXT;
END $$;
