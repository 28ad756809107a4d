-- Faults that an operator, a platform or a tool has put into this database, as the connected role
-- finds them. The product can't work with any of them. It changes nothing. No row if all is well.
--   fault: read_only (nothing can be changed); isolation (subject: the level of its sessions);
--     time_limit (a session has none); row_security (rows of the table are hidden, from whom:
--     subject); trigger (subject: disabled, missing or not always); right (subject: what the role
--     lacks).
--   relation: the table, or NULL. trigger: of the table.
--   uncached: while it stands no change is sure to be announced, so nothing may be certified.
CREATE OR REPLACE FUNCTION cache_faults()
RETURNS TABLE (fault text, subject text, relation text, trigger text, uncached boolean)
LANGUAGE sql STABLE AS $$
    SELECT 'read_only', NULL, NULL, NULL, false
    WHERE current_setting('transaction_read_only') = 'on'
    UNION ALL
    SELECT 'isolation', current_setting('transaction_isolation'), NULL, NULL, true
    WHERE current_setting('transaction_isolation') <> 'read committed'
    UNION ALL
    SELECT 'time_limit', NULL, NULL, NULL, false
    WHERE current_setting('statement_timeout') = '0'
    UNION ALL
    SELECT 'row_security', hidden.from_whom, hidden.name, NULL, true
    FROM (
        SELECT name, 'role' AS from_whom FROM unnest(product_tables()) AS name
        WHERE row_security_active(to_regclass(name)::oid)
        UNION ALL
        SELECT name, 'owner' FROM unnest(tables_hidden_from_owner()) AS name
    ) AS hidden
    UNION ALL
    SELECT 'trigger', CASE WHEN t.tgenabled IS NULL THEN 'missing'
        WHEN t.tgenabled IN ('D', 'R') THEN 'disabled' ELSE 'not always' END,
        e.relation, e.trigger, e.announces
    FROM expected_triggers() e
    LEFT JOIN pg_trigger t ON t.tgrelid = to_regclass(e.relation) AND t.tgname = e.trigger
    WHERE coalesce(t.tgenabled::text, 'D') NOT IN ('A', CASE WHEN e.always THEN 'A' ELSE 'O' END)
    UNION ALL
    SELECT 'right', p.privilege, name, NULL, false
    FROM unnest(product_tables()) AS name,
        unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS p (privilege)
    WHERE NOT has_table_privilege(to_regclass(name)::oid, p.privilege)
        -- Nobody changes what was audited.
        AND NOT (name = 'payment_audit' AND p.privilege IN ('UPDATE', 'DELETE'))
$$;
