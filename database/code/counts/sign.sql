-- A sign of the triggers that count orders, and of the table: another one when one of them is made
-- anew, altered, or switched off and on again. NULL if one isn't there or isn't ENABLE ALWAYS:
-- orders may change uncounted then.
CREATE OR REPLACE FUNCTION order_counts_sign() RETURNS text LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT CASE WHEN count(*) = 4
        THEN md5(string_agg(concat_ws('/', t.tgrelid, t.oid, t.xmin), ' ' ORDER BY t.tgname)) END
    FROM pg_trigger t
    WHERE t.tgrelid = to_regclass('orders') AND t.tgenabled = 'A'
        AND t.tgname IN ('count_insert', 'count_update', 'count_delete', 'count_truncate');
END;
