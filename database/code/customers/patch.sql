-- Changes a customer.
--   p_customer: it must be this one; NULL for any.
--   p_changes: what changes, of {name, email, companyName, cui, address}, validated before; null
--     takes company and cui away.
--   p_only: only one of these versions; NULL for any. p_unless: none of these versions; 0 in it
--     stands for all.
--   outcome: updated; not_found; version_mismatch; email_taken (another customer of the
--     organisation has the address); company_incomplete (a company has a name and a cui).
--   body: the JSON of the customer if it was updated, else NULL. version: as it is now.
--   xid, tags: the transaction and what it announced; NULL and empty if nothing was written.
CREATE OR REPLACE FUNCTION customer_patch(p_organization uuid, p_id uuid, p_customer uuid,
    p_changes jsonb, p_only bigint[], p_unless bigint[])
RETURNS TABLE (outcome text, body text, version bigint, xid text, tags text[])
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    c customers;
BEGIN
    tags := '{}';
    SELECT * INTO c FROM customers t
    WHERE t.organization_id = p_organization AND t.id = p_id
        AND (p_customer IS NULL OR t.id = p_customer)
    FOR NO KEY UPDATE;
    version := c.version;
    IF p_changes ? 'companyName' THEN
        c.company_name := p_changes ->> 'companyName';
    END IF;
    IF p_changes ? 'cui' THEN
        c.cui := p_changes ->> 'cui';
    END IF;
    IF c.id IS NULL THEN
        outcome := 'not_found';
    ELSIF version <> ALL (p_only) OR version = ANY (p_unless) OR 0 = ANY (p_unless) THEN
        outcome := 'version_mismatch';
    ELSIF (c.company_name IS NULL) <> (c.cui IS NULL) THEN
        outcome := 'company_incomplete';
    ELSE
        BEGIN
            UPDATE customers t SET name = coalesce(p_changes ->> 'name', t.name),
                email = coalesce(p_changes ->> 'email', t.email),
                company_name = c.company_name, cui = c.cui,
                address = coalesce(p_changes -> 'address', t.address)
            WHERE t.id = p_id;
            SELECT d.document::text, d.version INTO STRICT body, version
            FROM customer_documents d WHERE d.organization_id = p_organization AND d.id = p_id;
            outcome := 'updated';
            xid := pg_current_xact_id()::text;
            tags := announced_tags('{customers}');
        EXCEPTION WHEN unique_violation THEN
            outcome := 'email_taken';
        END;
    END IF;
    RETURN NEXT;
END $$;
