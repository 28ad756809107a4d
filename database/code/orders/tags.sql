-- The tags of an order. Commerce says which cached entries depend on which. The last three are
-- those of numbers of orders, which a change that moves no number need not announce, and one that
-- makes each page of orders anew, whatever it shows: for callers that can't tell what was before.
-- Each id is cast. Text beside another type makes `||` STABLE, and Postgres puts an IMMUTABLE
-- function with such a body nowhere inline: it would parse and plan it in each statement.
CREATE OR REPLACE FUNCTION order_tags(organization_id uuid, id uuid, customer_id uuid, status text)
RETURNS text[] LANGUAGE sql IMMUTABLE
RETURN ARRAY[
    'order:' || organization_id::text || '/' || id::text,
    'org:' || organization_id::text,
    'customer:' || organization_id::text || '/' || customer_id::text,
    'status:' || organization_id::text || '/' || status,
    'counts:' || organization_id::text,
    'all',
    'lists:' || organization_id::text
];
