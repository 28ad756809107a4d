-- The tags of an order. Commerce says which cached entries depend on which. The last two are those
-- of numbers of orders: a change that moves no number need not announce them.
CREATE OR REPLACE FUNCTION order_tags(organization_id uuid, id uuid, customer_id uuid, status text)
RETURNS text[] LANGUAGE sql IMMUTABLE
RETURN ARRAY[
    'order:' || organization_id || '/' || id,
    'org:' || organization_id,
    'customer:' || organization_id || '/' || customer_id,
    'status:' || organization_id || '/' || status,
    'counts:' || organization_id,
    'all'
];
