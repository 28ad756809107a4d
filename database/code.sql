-- The table of contents of code/: every function and view, each in a file of its own. Each stands
-- after those that it is built on: Postgres looks into a view, and into a body in SQL, when it is
-- created. It doesn't look into a plpgsql body.
--
-- The runner applies the files that have changed, in this order.

-- Rules that several tables share.
\i code/values/is_address.sql
\i code/values/is_cui.sql
\i code/values/is_tax_id.sql
\i code/values/minor_digits.sql
\i code/values/is_amount.sql
\i code/values/money_text.sql
\i code/values/order_statuses.sql
\i code/values/payment_statuses.sql
\i code/values/time_text.sql
\i code/values/found_rows.sql
\i code/values/looked_rows.sql
\i code/values/place_id.sql
\i code/values/place_text.sql
\i code/values/place_time.sql
\i code/values/search_end.sql
\i code/values/search_code.sql
\i code/values/search_phone.sql
\i code/values/search_national.sql
\i code/values/search_words.sql
\i code/values/csv_cell.sql
\i code/values/raise_version.sql

-- Requests that may be sent twice.
\i code/idempotency/answer_idempotency_key.sql
\i code/idempotency/free_idempotency_key.sql
\i code/idempotency/take_idempotency_key.sql

-- Numbers of orders.
\i code/counts/fold.sql
\i code/counts/count_orders.sql
\i code/counts/sign.sql
\i code/counts/kept.sql
\i code/counts/rows.sql
\i code/counts/rebuild.sql

-- The cache: its outbox and its state.
\i code/cache/group.sql
\i code/cache/tenant.sql
\i code/cache/announce.sql
\i code/cache/announced_tenants.sql
\i code/cache/tenants_lock.sql
\i code/cache/tenant_tags.sql
\i code/cache/name_tenants.sql
\i code/cache/invalidate.sql
\i code/cache/waiting_tenants.sql
\i code/cache/announce_access.sql
\i code/checkout/tag.sql
\i code/cache/announce_checkout_sessions.sql
\i code/cache/announce_customer_profiles.sql
\i code/cache/announce_everything.sql
\i code/cache/announce_gone_customers.sql
\i code/cache/announce_lookups.sql
\i code/cache/announce_orders.sql
\i code/cache/announce_payment_sessions.sql
\i code/cache/announce_product_schemas.sql
\i code/cache/announce_products.sql
\i code/user_sessions/tag.sql
\i code/cache/announce_user_sessions.sql
\i code/cache/announced_rows.sql
\i code/cache/expected_triggers.sql
\i code/cache/announced_tags.sql
\i code/cache/announcers.sql
\i code/cache/await_customers.sql
\i code/cache/database_history.sql
\i code/cache/product_tables.sql
\i code/cache/tables_hidden_from_owner.sql
\i code/cache/faults.sql
\i code/cache/forget.sql
\i code/cache/forget_transactions.sql
\i code/cache/health.sql
\i code/cache/may_certify.sql
\i code/cache/server.sql
\i code/cache/signs.sql
\i code/cache/leave.sql
\i code/cache/lock.sql
\i code/cache/renew.sql
\i code/cache/written.sql

-- The one that changes an order or its payments, for the audit.
\i code/payments/actor.sql

-- Invoices, the part that orders' documents are built on.
\i code/invoices/credit_note_document.sql

-- Orders: triggers, documents, reads, writes, statistics.
\i code/orders/audit_order.sql
\i code/orders/bump_order_version.sql
\i code/orders/note_move.sql
\i code/orders/check_order_total.sql
\i code/orders/create.sql
\i code/orders/delete.sql
\i code/orders/documents.sql
\i code/orders/get.sql
\i code/orders/list_parts.sql
\i code/orders/history.sql
\i code/orders/invoice.sql
\i code/orders/invoice_documents.sql
\i code/orders/items_fixed.sql
\i code/orders/lines.sql
\i code/orders/list.sql
\i code/orders/next_order_number.sql
\i code/orders/patch.sql
\i code/orders/payment_status.sql
\i code/orders/payment_status_documents.sql
\i code/orders/priced_lines.sql
\i code/orders/put_items.sql
\i code/orders/read_many.sql
\i code/orders/replace_items.sql
\i code/orders/set_statuses.sql
\i code/orders/stats.sql
\i code/orders/status_documents.sql
\i code/orders/statuses.sql
\i code/orders/summary.sql
\i code/orders/summary_documents.sql
\i code/orders/summaries.sql
\i code/orders/tags.sql
\i code/orders/set_tags.sql
\i code/orders/side_tags.sql
\i code/orders/changed_tags.sql
\i code/orders/touch_orders.sql
\i code/orders/tracking.sql
\i code/orders/tracking_documents.sql
\i code/orders/trackings.sql
\i code/orders/word_fields.sql
\i code/orders/word_sources.sql
\i code/orders/keep_words.sql
\i code/orders/search.sql

-- Customers.
\i code/customers/bump_customer_version.sql
\i code/customers/documents.sql
\i code/customers/create.sql
\i code/customers/get.sql
\i code/customers/list.sql
\i code/customers/patch.sql
\i code/customers/word_sources.sql
\i code/customers/keep_words.sql

-- Shipments.
\i code/shipments/document.sql
\i code/shipments/create.sql
\i code/shipments/patch.sql

-- The catalogue: products, and the schemas that say which fields they have.
\i code/products/basis.sql
\i code/products/bulk_delete.sql
\i code/products/bump_product_version.sql
\i code/products/candidates.sql
\i code/products/create.sql
\i code/products/delete.sql
\i code/products/details_documents.sql
\i code/products/details.sql
\i code/products/documents.sql
\i code/products/get.sql
\i code/products/keep_words.sql
\i code/products/list.sql
\i code/products/patch.sql
\i code/products/tags.sql
\i code/organizations/products.sql
\i code/organizations/documents.sql
\i code/organizations/get.sql
\i code/organizations/list.sql
\i code/organizations/create.sql
\i code/organizations/patch.sql

-- Accounts at payment providers.
\i code/accounts/documents.sql
\i code/accounts/get.sql
\i code/accounts/list.sql
\i code/accounts/create.sql
\i code/accounts/patch.sql
\i code/schemas/basis.sql
\i code/schemas/create.sql
\i code/schemas/documents.sql
\i code/schemas/get.sql
\i code/schemas/list.sql
\i code/schemas/patch.sql
\i code/schemas/products.sql
\i code/schemas/tags.sql

-- What a shop looks up.
\i code/lookups/countries.sql
\i code/lookups/currencies.sql

-- Invoices.
\i code/invoices/check_numbers.sql
\i code/invoices/check_sums.sql
\i code/invoices/keep.sql
\i code/invoices/lines.sql
\i code/invoices/number.sql
\i code/invoices/issue.sql
\i code/invoices/credit_lines.sql
\i code/invoices/credit.sql

-- Providers that are left alone for a while.
\i code/providers/account_of.sql
\i code/providers/resting.sql
\i code/providers/rest.sql

-- Stock.
\i code/stock/account.sql
\i code/stock/tags.sql
\i code/cache/announce_stock.sql
\i code/stock/document.sql
\i code/stock/count.sql
\i code/stock/drop.sql
\i code/stock/forget.sql
\i code/stock/get.sql
\i code/stock/keep.sql
\i code/stock/move.sql
\i code/stock/movements.sql
\i code/stock/note_movement.sql
\i code/stock/hold_document.sql
\i code/stock/hold_items.sql
\i code/stock/hold_key.sql
\i code/stock/hold_covers.sql
\i code/stock/hold_detach.sql
\i code/stock/hold_attach.sql
\i code/stock/hold_take.sql
\i code/stock/hold_begin.sql
\i code/stock/hold_begin_cart.sql
\i code/stock/hold_begin_change.sql
\i code/stock/hold_answer.sql
\i code/stock/hold_claim.sql
\i code/stock/hold_done.sql
\i code/stock/hold_drop.sql
\i code/stock/hold_settle.sql
\i code/stock/hold_show.sql
\i code/stock/audit.sql
\i code/stock/hold_audit.sql
\i code/stock/holds.sql
\i code/stock/of_order.sql
\i code/stock/touch_stock.sql
\i code/stock/reserve.sql
\i code/stock/settle.sql

-- The feed of changes.
\i code/events/named_rows.sql
\i code/events/note.sql
\i code/events/document.sql
\i code/events/sequence.sql
\i code/events/list.sql

-- The live status of orders.
\i code/live/states.sql

-- Checkout.
\i code/attempts/lock.sql
\i code/attempts/trim.sql
\i code/attempts/count.sql
\i code/attempts/refuse.sql
\i code/attempts/forget.sql
\i code/checkout/document.sql
\i code/checkout/get.sql
\i code/checkout/put.sql
\i code/checkout/put_kept.sql
\i code/checkout/delete.sql
\i code/checkout/order.sql
\i code/carts/drop.sql

-- Sessions of a shop's users.
\i code/user_sessions/bump_user_session_version.sql
\i code/user_sessions/step.sql
\i code/user_sessions/document.sql
\i code/user_sessions/create.sql
\i code/user_sessions/get.sql
\i code/user_sessions/put.sql
\i code/user_sessions/delete.sql

-- Guests.
\i code/guests/order.sql
\i code/guests/place.sql
\i code/guests/checkout_begin.sql
\i code/guests/checkout_get.sql
\i code/guests/checkout_order.sql
\i code/guests/token_create.sql
\i code/guests/token_revoke.sql

-- Payments: objects at providers, and the fold of an order.
\i code/payments/account_serves.sql
\i code/payments/attach.sql
\i code/payments/audit_difference.sql
\i code/payments/audit_payment.sql
\i code/payments/event_apply.sql
\i code/payments/event_verdict.sql
\i code/approvals/settle.sql
\i code/sessions/paid_through.sql
\i code/payments/fold.sql
\i code/payments/is_order_reference.sql
\i code/payments/judge_changed_order.sql
\i code/payments/judge_events.sql
\i code/payments/judge_events_of_changed_order.sql
\i code/payments/keep_audit.sql
\i code/payments/lock_objects.sql
\i code/payments/lock_orders.sql
\i code/payments/not_payable.sql
\i code/payments/not_payable_amount.sql
\i code/payments/object_finality.sql
\i code/payments/object_orders.sql
\i code/payments/object_refusal.sql
\i code/refunds/observed.sql
\i code/payments/object_observe.sql
\i code/payments/object_outcomes.sql
\i code/payments/object_rank.sql
\i code/payments/observed.sql
\i code/payments/order_payment_state.sql
\i code/payments/payments_of_new_orders.sql
\i code/payments/payments_of_session.sql
\i code/payments/get.sql
\i code/payments/differences.sql

-- What has become of an order: of both audits.
\i code/orders/timeline_entry_id.sql
\i code/orders/timeline.sql

-- Payment sessions.
\i code/sessions/abandon.sql
\i code/sessions/approve.sql
\i code/sessions/begin.sql
\i code/sessions/created.sql
\i code/sessions/customer.sql
\i code/sessions/facts.sql
\i code/sessions/may_be_paid.sql
\i code/sessions/move.sql
\i code/sessions/visit.sql
\i code/sessions/postpone.sql
\i code/sessions/status.sql
\i code/sessions/shown_status.sql
\i code/sessions/document.sql
\i code/sessions/staff_document.sql
\i code/sessions/get.sql
\i code/sessions/return.sql
\i code/sessions/hold.sql
\i code/sessions/judged.sql
\i code/sessions/deny.sql
\i code/sessions/list.sql
\i code/sessions/sweep.sql

-- Approvals: orders that a shopper has approved at a provider.
\i code/approvals/under_way.sql
\i code/sessions/is_open.sql
\i code/stock/expire.sql
\i code/approvals/hold.sql
\i code/approvals/hindrance.sql
\i code/approvals/may_wait.sql
\i code/approvals/review.sql
\i code/approvals/begin.sql

-- Revoked tokens.
\i code/access/leeway.sql
\i code/access/document.sql
\i code/access/list.sql
\i code/access/restore.sql
\i code/access/revoke.sql
\i code/access/revoked.sql
\i code/access/token.sql
-- Jobs: work that no request asks for.
\i code/cache/is_cold.sql
\i code/jobs/is_due.sql
\i code/jobs/is_overdue.sql
\i code/jobs/due.sql
\i code/jobs/claim.sql
\i code/jobs/finish.sql
\i code/jobs/list.sql
\i code/jobs/health.sql

-- The entries of the cache that are read most.
\i code/hot_keys/keep.sql
\i code/hot_keys/begin.sql

-- Captures.
\i code/captures/document.sql
\i code/captures/begin.sql
\i code/captures/done.sql
\i code/captures/refused.sql
\i code/approvals/refused.sql
\i code/captures/search.sql

-- The ledger.
\i code/transactions/book.sql
\i code/transactions/book_all.sql
\i code/transactions/book_reserved.sql
\i code/transactions/document.sql
\i code/transactions/csv.sql
\i code/transactions/export_begin.sql
\i code/transactions/export_page.sql
\i code/transactions/get.sql
\i code/transactions/keep.sql
\i code/transactions/renumber.sql
\i code/transactions/of_payment.sql
\i code/transactions/search.sql

-- Payments that somebody recorded by hand.
\i code/manual/document.sql
\i code/manual/keep.sql
\i code/manual/record.sql
\i code/manual/correct.sql
\i code/manual/refund.sql

-- Refunds.
\i code/refunds/claim.sql
\i code/refunds/document.sql
\i code/refunds/done.sql
\i code/refunds/get.sql
\i code/refunds/list.sql
\i code/refunds/provider_remembers.sql
\i code/refunds/payment.sql
\i code/refunds/request.sql
\i code/refunds/settle.sql
\i code/refunds/search.sql

-- Webhook events.
\i code/webhooks/apply.sql
\i code/webhooks/bodies.sql
\i code/webhooks/body.sql
\i code/webhooks/claim.sql
\i code/webhooks/claim_ahead.sql
\i code/webhooks/count.sql
\i code/webhooks/deliver.sql
\i code/webhooks/dismiss.sql
\i code/webhooks/document.sql
\i code/webhooks/event_counts.sql
\i code/webhooks/get.sql
\i code/webhooks/give_up.sql
\i code/webhooks/ignore.sql
\i code/webhooks/judge.sql
\i code/webhooks/list.sql
\i code/webhooks/missing.sql
\i code/webhooks/note_attempt.sql
\i code/webhooks/note_sessions.sql
\i code/webhooks/pause.sql
\i code/webhooks/postpone.sql
\i code/webhooks/record.sql
\i code/webhooks/replay.sql
\i code/webhooks/replay_page.sql
\i code/webhooks/sweep.sql
\i code/webhooks/tags.sql
\i code/webhooks/transmission_bodies.sql
\i code/webhooks/transmission_bodies_an_hour.sql
\i code/webhooks/transmission_bodies_ever.sql
\i code/webhooks/transmission_settled.sql
\i code/webhooks/webhook_event_reopen.sql

-- Payments, the part that is built on webhook events.
\i code/payments/backlog.sql

-- Rows that are forgotten when their time is over.
\i code/prune/attempts.sql
\i code/prune/audit.sql
\i code/prune/order_audit.sql
\i code/prune/carts.sql
\i code/prune/user_carts.sql
\i code/prune/user_sessions.sql
\i code/prune/checkouts.sql
\i code/prune/events.sql
\i code/prune/objects.sql
\i code/prune/refunds.sql
\i code/prune/sessions.sql

-- Certificates of providers.
\i code/certificates/fetch.sql
\i code/certificates/keep.sql
\i code/certificates/list.sql

-- Signatures that the last release called.
\i code/retired/cache_forget_transaction.sql
\i code/retired/guest_order.sql
\i code/retired/guest_token_create.sql
\i code/retired/guest_tokens_revoke.sql
\i code/retired/orders_set_status.sql
\i code/retired/payment_approval.sql
\i code/retired/payment_attempt_facts.sql
\i code/retired/payment_capture_begin.sql
\i code/retired/payment_capture_done.sql
\i code/retired/payment_capture_refused.sql
\i code/retired/payment_event_record.sql
\i code/retired/payment_session_abandon.sql
\i code/retired/payment_session_approve.sql
\i code/retired/payment_session_begin.sql
\i code/retired/payment_session_created.sql
\i code/retired/payment_session_get.sql
\i code/retired/payment_session_hold.sql
\i code/retired/payment_session_move.sql
\i code/retired/payment_session_release.sql
\i code/retired/payment_sessions_list.sql
\i code/retired/payment_sessions_sweep.sql
\i code/retired/provider_certificate_fetch.sql
\i code/retired/provider_certificate_keep.sql
\i code/retired/provider_certificates_known.sql
\i code/retired/refund_request.sql
\i code/retired/refund_request_done.sql
\i code/retired/refund_request_get.sql
\i code/retired/refund_requests_claim.sql
\i code/retired/refund_requests_list.sql
\i code/retired/webhook_bodies_sweep.sql
\i code/retired/webhook_event_again.sql
\i code/retired/webhook_event_apply.sql
\i code/retired/webhook_event_dismiss.sql
\i code/retired/webhook_event_give_up.sql
\i code/retired/webhook_event_ignore.sql
\i code/retired/webhook_event_postpone.sql
\i code/retired/webhook_event_tags.sql
\i code/retired/webhook_events_claim.sql
\i code/retired/webhook_events_missing.sql
\i code/retired/webhook_events_page.sql
