-- Changes an organisation. Invoices that were issued keep what they say.
--   p_changes: what changes, of {name, legalName, cui, tradeRegister, address, vatRate, iban},
--     validated before; null takes tradeRegister or iban away.
--   p_only: only one of these versions; NULL for any. p_unless: none of these versions; 0 in it
--     stands for all.
--   outcome: updated; not_found; version_mismatch; cui_taken (another organisation has the tax id).
--   body: the JSON of the organisation if it was updated, else NULL. version: as it is now.
CREATE OR REPLACE FUNCTION organization_patch(p_id uuid, p_changes jsonb, p_only bigint[],
    p_unless bigint[])
RETURNS TABLE (outcome text, body text, version bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    SELECT o.version INTO version FROM organizations o WHERE o.id = p_id FOR NO KEY UPDATE;
    IF version IS NULL THEN
        outcome := 'not_found';
    ELSIF version <> ALL (p_only) OR version = ANY (p_unless) OR 0 = ANY (p_unless) THEN
        outcome := 'version_mismatch';
    ELSE
        BEGIN
            UPDATE organizations o SET name = coalesce(p_changes ->> 'name', o.name),
                legal_name = coalesce(p_changes ->> 'legalName', o.legal_name),
                cui = coalesce(p_changes ->> 'cui', o.cui),
                trade_register = CASE WHEN p_changes ? 'tradeRegister'
                    THEN p_changes ->> 'tradeRegister' ELSE o.trade_register END,
                address = coalesce(p_changes -> 'address', o.address),
                vat_rate = coalesce((p_changes ->> 'vatRate')::numeric, o.vat_rate),
                iban = CASE WHEN p_changes ? 'iban' THEN p_changes ->> 'iban' ELSE o.iban END
            WHERE o.id = p_id;
            SELECT d.document::text, d.version INTO STRICT body, version
            FROM organization_documents d WHERE d.id = p_id;
            outcome := 'updated';
        EXCEPTION WHEN unique_violation THEN
            outcome := 'cui_taken';
        END;
    END IF;
    RETURN NEXT;
END $$;
