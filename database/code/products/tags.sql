-- The tags of a product: its own, that of its organisation's products, and that of its schema if it
-- has one. Commerce says which cached entries depend on which.
CREATE OR REPLACE FUNCTION product_tags(organization_id uuid, id uuid, schema_id uuid)
RETURNS text[] LANGUAGE sql IMMUTABLE
RETURN array_remove(ARRAY[
    'product:' || organization_id::text || '/' || id::text,
    'products:' || organization_id::text,
    'schema:' || organization_id::text || '/' || schema_id::text
], NULL);
