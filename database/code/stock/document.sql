-- The stock of a product as JSON. An article that isn't counted has no numbers.
CREATE OR REPLACE FUNCTION stock_document(p_organization uuid, p_product uuid, p_sku text)
RETURNS json LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object('productId', p_product, 'sku', p_sku, 'counted', l.sku IS NOT NULL,
        'onHand', l.on_hand, 'reserved', l.reserved, 'available', l.on_hand - l.reserved,
        'updatedAt', time_text(l.updated_at))
    FROM (SELECT 1) AS one
    LEFT JOIN stock_levels l ON l.organization_id = p_organization AND l.sku = p_sku;
END;
