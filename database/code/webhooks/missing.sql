-- The ids of a provider's list of events that never arrived, sorted.
--   p_kinds, p_resources, p_fingerprints: of each event its type, the resource that it names (''
--   for none), and what webhook_record gets as its hash. Without p_kinds, ids alone are compared.
-- An event is there if one of its id is stored that is the same by its hash, or by type and
-- resource; another body under its id may be forged. One that is marked as in conflict, and has had
-- no effect, doesn't count: the list proves its own.
CREATE OR REPLACE FUNCTION webhook_missing(p_provider text, p_account text, p_event_ids text[],
    p_kinds text[] DEFAULT NULL, p_resources text[] DEFAULT NULL,
    p_fingerprints text[] DEFAULT NULL)
RETURNS TABLE (event_id text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT DISTINCT l.id
    FROM unnest(p_event_ids, p_kinds, p_resources, p_fingerprints)
        AS l(id, kind, resource, fingerprint)
    WHERE NOT EXISTS (SELECT FROM webhook_events e WHERE e.provider = p_provider
        AND e.account = p_account AND e.event_id = l.id
        AND (p_kinds IS NULL OR e.body_sha256 = l.fingerprint
            OR e.kind = l.kind AND e.resource IS NOT DISTINCT FROM nullif(l.resource, '')
                AND (NOT e.conflict OR e.state IN ('applied', 'ignored'))))
    ORDER BY l.id;
END;
