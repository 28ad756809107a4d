-- The product's tables. A database test holds that these are all.
CREATE OR REPLACE FUNCTION product_tables() RETURNS text[] LANGUAGE sql IMMUTABLE RETURN ARRAY[
    'access_revocations', 'cache_invalidations', 'cache_state', 'captures_under_way',
    'checkout_orders', 'checkout_sessions', 'credit_note_lines', 'credit_notes', 'customer_words',
    'customers', 'event_batches', 'events', 'events_waiting', 'guest_checkouts', 'guest_tokens',
    'hot_keys', 'hot_keys_warmed',
    'idempotency_keys', 'invoice_lines', 'invoice_series', 'invoices', 'jobs', 'lookups',
    'order_audit', 'order_count_bounds', 'order_count_changes', 'order_counts',
    'order_counts_built', 'order_items', 'order_words', 'orders', 'organizations',
    'payment_attempts', 'payment_audit', 'payment_objects', 'payment_sessions',
    'payment_transactions', 'payments', 'product_schemas', 'product_words', 'products',
    'provider_accounts', 'provider_certificate_fetches', 'provider_certificates', 'provider_rests',
    'refund_requests', 'shipments', 'stock_holds', 'stock_levels', 'stock_movements',
    'stock_reservations', 'user_carts', 'user_sessions', 'webhook_attempts',
    'webhook_event_objects', 'webhook_events', 'webhook_transmission_floods',
    'webhook_transmissions'
];
