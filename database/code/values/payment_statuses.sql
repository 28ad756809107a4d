-- The payment statuses of orders.
CREATE OR REPLACE FUNCTION payment_statuses() RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY['unpaid', 'none_required', 'pending', 'authorized', 'paid', 'partially_paid',
    'partially_refunded', 'refunded', 'reversed', 'disputed', 'failed'];
