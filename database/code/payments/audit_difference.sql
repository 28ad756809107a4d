-- The members of one document of the audit in which it differs from another one, without the time
-- of its change. All of them if there is no other, NULL if there is no document.
CREATE OR REPLACE FUNCTION audit_difference(document jsonb, other jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN document IS NOT NULL THEN coalesce((SELECT jsonb_object_agg(m.key, m.value)
    FROM jsonb_each(document) AS m
    WHERE m.key <> 'updated_at' AND (other IS NULL OR other -> m.key IS DISTINCT FROM m.value)),
    '{}') END;
