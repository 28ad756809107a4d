-- Announces user sessions that were changed or deleted, and those that end sooner than they would
-- have. A new one isn't announced, since nobody has asked for its id before; nor is one whose end
-- was only put off, since a copy in the cache ends before the session's earlier end.
-- Beyond announced_rows() sessions the organisations alone are named.
-- SECURITY DEFINER: a writer needs no right on the outbox.
CREATE OR REPLACE FUNCTION announce_user_sessions() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    announced text[];
    tenants uuid[];
BEGIN
    IF TG_OP = 'DELETE' THEN
        SELECT array_agg(user_session_tag(o.organization_id, o.id)),
            array_agg(DISTINCT o.organization_id)
        INTO announced, tenants FROM old_rows o;
    ELSE
        SELECT array_agg(user_session_tag(o.organization_id, o.id)),
            array_agg(DISTINCT o.organization_id)
        INTO announced, tenants
        FROM old_rows o LEFT JOIN new_rows n USING (organization_id, id)
        WHERE n.version IS DISTINCT FROM o.version OR n.expires_at < o.expires_at;
    END IF;
    IF cardinality(announced) > announced_rows() THEN
        announced := cache_tenant_tags(tenants);
    END IF;
    IF announced IS NOT NULL THEN
        PERFORM cache_announce(announced);
    END IF;
    RETURN NULL;
END $$;
