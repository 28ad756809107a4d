-- The tags of the sets of orders that pages are drawn from. A page depends on one of them, see
-- order_list_parts. A change announces them where it may change which orders a set has, how many,
-- or their order:
--   1: all orders of an organisation. 2: those of a customer. 3: those of a currency.
--   4: those of a payment status, which this one moves, too.
--   5: those of a status, which either status moves.
CREATE OR REPLACE FUNCTION order_set_tags(organization_id uuid, customer_id uuid, currency text,
    payment_status text, status text)
RETURNS text[] LANGUAGE sql IMMUTABLE
RETURN ARRAY[
    'orders:' || organization_id::text,
    'orders:' || organization_id::text || '/customer/' || customer_id::text,
    'orders:' || organization_id::text || '/currency/' || currency,
    'orders:' || organization_id::text || '/payment/' || payment_status,
    'orders:' || organization_id::text || '/status/' || status
];
