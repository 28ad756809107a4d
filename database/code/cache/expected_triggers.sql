-- The triggers that must fire, whichever program changes a table. A database test holds that these
-- are all.
--   always: also in bulk loads and restores, while session_replication_role is replica.
--   announces: without it a change of the table, or of what is shown with it, is not seen in the
--     cache.
CREATE OR REPLACE FUNCTION expected_triggers()
RETURNS TABLE (relation text, trigger text, always boolean, announces boolean)
LANGUAGE sql IMMUTABLE AS $$
    SELECT t.relation, unnest(t.triggers), t.always, t.announces FROM (VALUES
        ('orders', ARRAY['announce_insert', 'announce_update', 'announce_delete',
            'announce_truncate', 'bump_version'], true, true),
        ('order_items', ARRAY['touch_on_insert', 'touch_on_update', 'touch_on_delete',
            'announce_truncate'], true, true),
        ('payments', ARRAY['touch_on_insert', 'touch_on_update', 'touch_on_delete',
            'announce_truncate'], true, true),
        ('shipments', ARRAY['touch_on_insert', 'touch_on_update', 'touch_on_delete',
            'announce_truncate'], true, true),
        ('invoices', ARRAY['touch_on_insert', 'touch_on_update', 'touch_on_delete',
            'announce_truncate'], true, true),
        ('customers', ARRAY['announce_update', 'announce_delete', 'announce_truncate',
            'announce_profile_update', 'announce_profile_delete', 'bump_version'], true, true),
        ('orders', ARRAY['await_customers'], true, false),
        ('payment_sessions', ARRAY['announce_update', 'announce_delete', 'announce_truncate'],
            true, true),
        ('orders', ARRAY['audit_insert', 'audit_update', 'audit_delete'], true, false),
        ('payment_sessions', ARRAY['audit_insert', 'audit_update'], true, false),
        ('guest_tokens', ARRAY['audit_insert', 'audit_update'], true, false),
        ('products', ARRAY['announce_insert', 'announce_update', 'announce_delete',
            'announce_truncate', 'bump_version', 'touch_stock_insert', 'touch_stock_update',
            'touch_stock_delete'], true, true),
        ('lookups', ARRAY['announce_change', 'announce_truncate'], true, true),
        ('product_words', ARRAY['announce_change', 'announce_truncate'], true, true),
        ('products', ARRAY['keep_words_on_insert', 'keep_words_on_update', 'keep_words_on_delete',
            'keep_words_on_truncate'], true, false),
        ('product_schemas', ARRAY['announce_insert', 'announce_update', 'announce_delete',
            'announce_truncate', 'bump_version'], true, true),
        ('stock_levels', ARRAY['announce_insert', 'announce_update', 'announce_delete',
            'announce_truncate'], true, true),
        ('payments', ARRAY['audit', 'book'], true, false),
        ('payment_objects', ARRAY['audit', 'book'], true, false),
        ('webhook_events', ARRAY['reopen'], true, false),
        ('orders', ARRAY['order_total_is_sum_of_items', 'payments_of_new_orders',
            'judge_payments', 'judge_events'], false, false),
        ('order_items', ARRAY['order_total_is_sum_of_items', 'reserve_on_insert',
            'reserve_on_update', 'drop_on_delete', 'drop_on_truncate'], false, false),
        ('orders', ARRAY['settle_stock'], false, false),
        ('stock_reservations', ARRAY['account_insert', 'account_update', 'account_delete',
            'account_truncate'], false, false),
        ('stock_levels', ARRAY['note_insert', 'note_update'], false, false),
        ('stock_movements', ARRAY['keep'], false, false),
        ('payment_sessions', ARRAY['payments_of_session'], false, false),
        ('refund_requests', ARRAY['audit'], false, false),
        ('webhook_events', ARRAY['note_attempt'], false, false),
        -- They are ENABLE ALWAYS, and need not stay so: order_counts_sign sees it.
        ('orders', ARRAY['count_insert', 'count_update', 'count_delete', 'count_truncate'],
            false, false),
        ('payment_transactions', ARRAY['keep'], false, false),
        ('payment_audit', ARRAY['keep', 'keep_row'], false, false),
        ('order_audit', ARRAY['keep', 'keep_row'], false, false)
    ) AS t (relation, triggers, always, announces)
$$;
