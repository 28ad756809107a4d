-- The tags that this transaction's triggers have written so far: its writer must forget them.
--   p_tables: the tables that the writer may have changed. If one of their announcing triggers
--     doesn't fire in this session, the statement fails with OB001: a change that nobody hears of
--     must not be made.
--   p_proof: a tag that is announced only if those triggers fire; NULL if there is none. If it is
--     there, the triggers aren't looked for, which would cost more than the announcement.
-- SECURITY DEFINER: a writer needs no right on the outbox, and row-level security hides nothing of
-- it. It shows a transaction nothing but its own rows.
CREATE OR REPLACE FUNCTION announced_tags(p_tables text[] DEFAULT '{}', p_proof text DEFAULT NULL)
RETURNS text[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    tags text[];
    firing text := CASE current_setting('session_replication_role')
        WHEN 'replica' THEN 'R' ELSE 'O' END;
    silent text;
BEGIN
    SELECT coalesce(array_agg(DISTINCT tag), '{}') INTO tags
    FROM cache_invalidations i, unnest(i.tags) AS tag WHERE i.xid = pg_current_xact_id();
    IF p_proof = ANY (tags) THEN
        RETURN tags;
    END IF;
    SELECT string_agg(e.trigger || ' of ' || e.relation, ', ') INTO silent
    FROM expected_triggers() e
    LEFT JOIN pg_trigger t ON t.tgrelid = to_regclass(e.relation) AND t.tgname = e.trigger
    WHERE e.announces AND e.relation = ANY (p_tables)
        AND coalesce(t.tgenabled::text, 'D') NOT IN ('A', firing);
    IF silent IS NOT NULL THEN
        RAISE EXCEPTION 'nothing was changed, since triggers are missing or disabled: %', silent
            USING ERRCODE = 'OB001';
    END IF;
    RETURN tags;
END $$;
