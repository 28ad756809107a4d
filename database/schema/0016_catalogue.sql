-- The catalogue. A product is one row per article and currency, as before. It has a version, may be
-- hidden, and may have the fields of a schema.

-- A kind of product: the fields that such a product has.
CREATE TABLE product_schemas (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id uuid NOT NULL REFERENCES organizations,
    name text NOT NULL CHECK (name <> ''),
    -- In their order: [{name, label, type, required, choices}]. The application says what a field
    -- may be, and judges values by it.
    fields jsonb NOT NULL CHECK (jsonb_typeof(fields) = 'array'),
    -- Grows by one with every change.
    version bigint NOT NULL DEFAULT 1 CHECK (version > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, name),
    -- Products point to this pair, so a product's schema is never another organisation's.
    UNIQUE (organization_id, id)
);

ALTER TABLE products
    ADD COLUMN description text CHECK (description <> ''),
    ADD COLUMN schema_id uuid,
    -- Values by the names of the schema's fields.
    ADD COLUMN fields jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(fields) = 'object'),
    -- In their order: [{url, alt}].
    ADD COLUMN images jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(images) = 'array'),
    -- Grows by one with every change.
    ADD COLUMN version bigint NOT NULL DEFAULT 1 CHECK (version > 0),
    -- A product with a time here is hidden from every read, and can't be ordered.
    ADD COLUMN deleted_at timestamptz,
    ADD FOREIGN KEY (organization_id, schema_id) REFERENCES product_schemas (organization_id, id),
    ADD CHECK (schema_id IS NOT NULL OR fields = '{}');

-- A hidden product leaves its article free.
\i code/orders/priced_lines.sql
ALTER TABLE products DROP CONSTRAINT products_organization_id_sku_currency_key;
CREATE UNIQUE INDEX products_sku ON products (organization_id, sku, currency)
    WHERE deleted_at IS NULL;

-- The products of a schema, the newest first. Both foreign keys use it, so hidden ones are in it.
CREATE INDEX products_by_schema ON products (organization_id, schema_id, created_at, id)
    INCLUDE (active, deleted_at);

\i code/products/bump_product_version.sql

CREATE TRIGGER bump_version BEFORE UPDATE ON products
    FOR EACH ROW EXECUTE FUNCTION bump_product_version();
CREATE TRIGGER bump_version BEFORE UPDATE ON product_schemas
    FOR EACH ROW EXECUTE FUNCTION bump_product_version();

\i code/products/tags.sql
\i code/schemas/tags.sql
\i code/cache/announce_products.sql
\i code/cache/announce_product_schemas.sql

CREATE TRIGGER announce_insert AFTER INSERT ON products REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION announce_products();
CREATE TRIGGER announce_update AFTER UPDATE ON products
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION announce_products();
CREATE TRIGGER announce_delete AFTER DELETE ON products REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION announce_products();
CREATE TRIGGER announce_truncate AFTER TRUNCATE ON products
    FOR EACH STATEMENT EXECUTE FUNCTION announce_everything();
ALTER TABLE products ENABLE ALWAYS TRIGGER bump_version,
    ENABLE ALWAYS TRIGGER announce_insert, ENABLE ALWAYS TRIGGER announce_update,
    ENABLE ALWAYS TRIGGER announce_delete, ENABLE ALWAYS TRIGGER announce_truncate;

CREATE TRIGGER announce_insert AFTER INSERT ON product_schemas REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION announce_product_schemas();
CREATE TRIGGER announce_update AFTER UPDATE ON product_schemas
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION announce_product_schemas();
CREATE TRIGGER announce_delete AFTER DELETE ON product_schemas REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION announce_product_schemas();
CREATE TRIGGER announce_truncate AFTER TRUNCATE ON product_schemas
    FOR EACH STATEMENT EXECUTE FUNCTION announce_everything();
ALTER TABLE product_schemas ENABLE ALWAYS TRIGGER bump_version,
    ENABLE ALWAYS TRIGGER announce_insert, ENABLE ALWAYS TRIGGER announce_update,
    ENABLE ALWAYS TRIGGER announce_delete, ENABLE ALWAYS TRIGGER announce_truncate;
