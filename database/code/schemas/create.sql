-- Makes a schema, once per Idempotency-Key.
--   p_request: {name, fields}, judged before. p_key, p_body_hash, p_id: as order_create takes them.
--   outcome: created; replay (body, version: the stored answer); mismatch (the key was used for
--     another body); name_taken (the organisation has a schema of that name);
--     unknown_organization. If nothing is created, the key is free.
--   body: the JSON of the schema as it was created. version: its version.
--   xid: the transaction, NULL if nothing was written. tags: what to invalidate before the answer:
--     what the transaction announced, and what a repeated request finds done.
CREATE OR REPLACE FUNCTION schema_create(p_organization uuid, p_request jsonb, p_principal text,
    p_key text, p_body_hash text, p_id uuid)
RETURNS TABLE (outcome text, body text, version bigint, xid text, tags text[])
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_refused text;
BEGIN
    SELECT k.outcome, k.body, k.version INTO outcome, body, version
    FROM take_idempotency_key(p_organization, p_principal, 'POST /schemas', p_key, p_body_hash)
        AS k;
    tags := '{}';
    IF outcome <> 'taken' THEN
        IF outcome = 'replay' THEN
            -- The first request may never have got to invalidating.
            tags := schema_tags(p_organization, (body::json ->> 'id')::uuid);
        END IF;
        RETURN NEXT;
        RETURN;
    END IF;

    IF NOT EXISTS (SELECT FROM organizations o WHERE o.id = p_organization) THEN
        v_refused := 'unknown_organization';
    ELSE
        INSERT INTO product_schemas (id, organization_id, name, fields)
        VALUES (p_id, p_organization, p_request ->> 'name', p_request -> 'fields')
        ON CONFLICT (organization_id, name) DO NOTHING;
        IF NOT FOUND THEN
            v_refused := 'name_taken';
        END IF;
    END IF;
    IF v_refused IS NOT NULL THEN
        -- Nothing was done, so the key is free again.
        PERFORM free_idempotency_key(p_organization, p_principal, 'POST /schemas', p_key);
        outcome := v_refused;
        RETURN NEXT;
        RETURN;
    END IF;

    SELECT d.document::text, d.version INTO STRICT body, version
    FROM schema_documents d WHERE d.organization_id = p_organization AND d.id = p_id;
    PERFORM answer_idempotency_key(p_organization, p_principal, 'POST /schemas', p_key,
        schema_create.body, schema_create.version);
    outcome := 'created';
    xid := pg_current_xact_id()::text;
    tags := announced_tags('{product_schemas}');
    RETURN NEXT;
END $$;
