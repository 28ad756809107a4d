-- The product's tables. A database test holds that these are all.
CREATE OR REPLACE FUNCTION product_tables() RETURNS text[] LANGUAGE sql IMMUTABLE RETURN ARRAY[
    'invoice_lines', 'invoice_series', 'invoices', 'jobs', 'lookups', 'order_audit',
    'order_count_bounds', 'order_count_changes', 'order_counts', 'order_counts_built',
    'order_items', 'orders', 'organizations', 'payment_attempts', 'payment_audit',
    'payment_objects', 'payment_sessions'
];
