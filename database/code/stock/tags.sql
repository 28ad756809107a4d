-- The tags of an article's stock: one for each product of it that is shown.
CREATE OR REPLACE FUNCTION stock_tags(p_organization uuid, p_sku text) RETURNS SETOF text
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT 'stock:' || p.organization_id || '/' || p.id FROM products p
    WHERE p.organization_id = p_organization AND p.sku = p_sku AND p.deleted_at IS NULL;
END;
