-- The tags of a schema: its own, and that of its organisation's schemas.
CREATE OR REPLACE FUNCTION schema_tags(organization_id uuid, id uuid)
RETURNS text[] LANGUAGE sql IMMUTABLE
RETURN ARRAY[
    'schema:' || organization_id::text || '/' || id::text,
    'schemas:' || organization_id::text
];
