-- The tables and triggers that announce, as they are now. Always one row.
--   signs: a hash that changes when one of them is made anew, rewritten, altered, or switched off
--     and on again. xmin is that of a trigger's catalog row, so a moment without it shows, too.
--   missing: the triggers that aren't there or aren't ALWAYS, by name; NULL if all is well. Changes
--     can go unannounced then.
-- In plpgsql, since a session keeps its plans: every renewal runs this.
CREATE OR REPLACE FUNCTION cache_signs() RETURNS TABLE (signs text, missing text)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT coalesce(md5(string_agg(concat_ws('/', c.oid, c.relfilenode, t.oid, t.tgenabled, t.xmin),
            ' ' ORDER BY a.relation, a.name)), '-'),
        string_agg(a.relation || '.' || a.name, ', ' ORDER BY a.relation, a.name)
            FILTER (WHERE t.tgenabled IS DISTINCT FROM 'A')
    INTO signs, missing
    FROM cache_announcers() a
    LEFT JOIN pg_class c ON c.oid = to_regclass(a.relation)
    LEFT JOIN pg_trigger t ON t.tgrelid = c.oid AND t.tgname = a.name::name;
    RETURN NEXT;
END $$;
