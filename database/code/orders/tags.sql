-- The tags of an order. Commerce says which cached entries depend on which. The last three are
-- those of numbers of orders, which a change that moves no number need not announce, and one that
-- makes each page of orders anew, whatever it shows: for callers that can't tell what was before.
CREATE OR REPLACE FUNCTION order_tags(organization_id uuid, id uuid, customer_id uuid, status text)
RETURNS text[] LANGUAGE sql IMMUTABLE
RETURN ARRAY[
    'order:' || organization_id || '/' || id,
    'org:' || organization_id,
    'customer:' || organization_id || '/' || customer_id,
    'status:' || organization_id || '/' || status,
    'counts:' || organization_id,
    'all',
    'lists:' || organization_id
];
