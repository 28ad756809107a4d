-- Makes a product, once per Idempotency-Key.
--   p_request: {sku, name, description, currency, price, status, schemaId, fields, images}, judged
--     before. NULL: it was refused; then only a repeated request is answered.
--   p_schema_version: the version of the schema that the fields were judged by.
--   p_key, p_body_hash, p_id: as order_create takes them.
--   outcome: created; replay (body, version: the stored answer); mismatch (the key was used for
--     another body); refused (p_request is NULL); sku_taken (the article has a product in this
--     currency); stale (the schema has another version, or is gone: judge anew);
--     unknown_organization. If nothing is created, the key is free.
--   body: the JSON of the product as it was created. version: its version.
--   xid: the transaction, NULL if nothing was written. tags: what to invalidate before the answer:
--     what the transaction announced, and what a repeated request finds done.
CREATE OR REPLACE FUNCTION product_create(p_organization uuid, p_request jsonb,
    p_schema_version bigint, p_principal text, p_key text, p_body_hash text, p_id uuid)
RETURNS TABLE (outcome text, body text, version bigint, xid text, tags text[])
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_schema uuid := (p_request ->> 'schemaId')::uuid;
    v_refused text;
BEGIN
    SELECT k.outcome, k.body, k.version INTO outcome, body, version
    FROM take_idempotency_key(p_organization, p_principal, 'POST /products', p_key, p_body_hash)
        AS k;
    tags := '{}';
    IF outcome <> 'taken' THEN
        IF outcome = 'replay' THEN
            -- The first request may never have got to invalidating.
            tags := product_tags(p_organization, (body::json ->> 'id')::uuid,
                (body::json ->> 'schemaId')::uuid);
        END IF;
        RETURN NEXT;
        RETURN;
    END IF;

    IF p_request IS NULL THEN
        v_refused := 'refused';
    ELSIF NOT EXISTS (SELECT FROM organizations o WHERE o.id = p_organization) THEN
        v_refused := 'unknown_organization';
    ELSE
        -- Keeps the schema as it is until the product is there.
        PERFORM FROM product_schemas s WHERE s.organization_id = p_organization AND s.id = v_schema
            AND s.version = p_schema_version FOR SHARE;
        IF NOT FOUND AND v_schema IS NOT NULL THEN
            v_refused := 'stale';
        ELSE
            INSERT INTO products (id, organization_id, sku, name, description, currency, price,
                active, schema_id, fields, images)
            VALUES (p_id, p_organization, p_request ->> 'sku', p_request ->> 'name',
                p_request ->> 'description', p_request ->> 'currency',
                (p_request ->> 'price')::numeric, p_request ->> 'status' = 'active', v_schema,
                p_request -> 'fields', p_request -> 'images')
            ON CONFLICT (organization_id, sku, currency) WHERE deleted_at IS NULL DO NOTHING;
            IF NOT FOUND THEN
                v_refused := 'sku_taken';
            END IF;
        END IF;
    END IF;
    IF v_refused IS NOT NULL THEN
        -- Nothing was done, so the key is free again.
        PERFORM free_idempotency_key(p_organization, p_principal, 'POST /products', p_key);
        outcome := v_refused;
        RETURN NEXT;
        RETURN;
    END IF;

    SELECT d.document::text, d.version INTO STRICT body, version
    FROM product_documents d WHERE d.organization_id = p_organization AND d.id = p_id;
    PERFORM answer_idempotency_key(p_organization, p_principal, 'POST /products', p_key,
        product_create.body, product_create.version);
    outcome := 'created';
    xid := pg_current_xact_id()::text;
    tags := announced_tags('{products}');
    RETURN NEXT;
END $$;
