-- The table of contents of code/: every function and view, each in a file of its own, in an order
-- in which each stands after those that it is built on. (A plpgsql body is not looked into when it
-- is created; a view, and a body in SQL, is.)
--
-- The runner applies the files that have changed, in this order. By hand: psql -f code.sql, here.

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

-- Requests that may be sent twice.
\i code/idempotency/take_idempotency_key.sql

-- The cache: its outbox and its state.
\i code/cache/announce_everything.sql
\i code/cache/announce_gone_customers.sql
\i code/cache/announce_orders.sql
\i code/cache/announce_payment_sessions.sql
\i code/cache/announced_rows.sql
\i code/cache/announced_tags.sql
\i code/cache/database_history.sql
\i code/cache/renew.sql

-- Orders: triggers, documents, reads, writes, statistics.
\i code/orders/bump_order_version.sql
\i code/orders/check_order_total.sql
\i code/orders/create.sql
\i code/orders/delete.sql
\i code/orders/documents.sql
\i code/orders/get.sql
\i code/orders/invoice.sql
\i code/orders/invoice_documents.sql
\i code/orders/next_order_number.sql
\i code/orders/orders_set_status.sql
\i code/orders/patch.sql
\i code/orders/payment_status.sql
\i code/orders/payment_status_documents.sql
\i code/orders/priced_lines.sql
\i code/orders/status_documents.sql
\i code/orders/summary.sql
\i code/orders/summary_documents.sql
\i code/orders/tags.sql
\i code/orders/touch_orders.sql
\i code/orders/tracking.sql
\i code/orders/tracking_documents.sql

-- Checkout.
\i code/checkout/order.sql

-- Guests.
\i code/guests/guest_order.sql
\i code/guests/guest_token_create.sql
\i code/guests/guest_tokens_revoke.sql

-- Payments: objects at providers, and the fold of an order.
\i code/payments/account_serves.sql
\i code/payments/actor.sql
\i code/payments/approval.sql
\i code/payments/attach.sql
\i code/payments/audit_payment.sql
\i code/payments/event_apply.sql
\i code/payments/event_verdict.sql
\i code/payments/fold.sql
\i code/payments/is_order_reference.sql
\i code/payments/keep_audit.sql
\i code/payments/lock_objects.sql
\i code/payments/lock_orders.sql
\i code/payments/not_payable.sql
\i code/payments/not_payable_amount.sql
\i code/payments/object_finality.sql
\i code/payments/object_observe.sql
\i code/payments/object_outcomes.sql
\i code/payments/object_rank.sql
\i code/payments/observed.sql
\i code/payments/order_payment_state.sql
\i code/payments/payments_of_new_orders.sql
\i code/payments/payments_of_session.sql

-- Payment sessions.
\i code/sessions/payment_attempt_facts.sql
\i code/sessions/payment_session_abandon.sql
\i code/sessions/payment_session_approve.sql
\i code/sessions/payment_session_begin.sql
\i code/sessions/payment_session_created.sql
\i code/sessions/payment_session_move.sql
\i code/sessions/payment_session_release.sql
\i code/sessions/payment_session_status.sql
\i code/sessions/payment_session_document.sql
\i code/sessions/payment_session_get.sql
\i code/sessions/payment_session_hold.sql
\i code/sessions/payment_sessions_list.sql
\i code/sessions/payment_sessions_sweep.sql

-- Captures.
\i code/captures/payment_capture_begin.sql
\i code/captures/payment_capture_done.sql
\i code/captures/payment_capture_refused.sql

-- Refunds.
\i code/refunds/provider_remembers.sql
\i code/refunds/refund_requests_claim.sql
\i code/refunds/request.sql
\i code/refunds/request_document.sql
\i code/refunds/refund_requests_list.sql
\i code/refunds/request_done.sql
\i code/refunds/request_get.sql

-- Webhook events.
\i code/webhooks/bodies_sweep.sql
\i code/webhooks/event_again.sql
\i code/webhooks/event_apply.sql
\i code/webhooks/event_counts.sql
\i code/webhooks/event_dismiss.sql
\i code/webhooks/event_give_up.sql
\i code/webhooks/event_ignore.sql
\i code/webhooks/event_replay.sql
\i code/webhooks/event_tags.sql
\i code/webhooks/pause.sql
\i code/webhooks/event_postpone.sql
\i code/webhooks/payment_event_record.sql
\i code/webhooks/transmission_bodies.sql
\i code/webhooks/transmission_bodies_an_hour.sql
\i code/webhooks/transmission_bodies_ever.sql
\i code/webhooks/transmission_settled.sql
\i code/webhooks/webhook_event_reopen.sql
\i code/webhooks/webhook_events_claim.sql
\i code/webhooks/webhook_events_missing.sql
\i code/webhooks/webhook_events_page.sql

-- Certificates of providers.
\i code/certificates/provider_certificate_fetch.sql
\i code/certificates/provider_certificate_keep.sql
\i code/certificates/provider_certificates_known.sql
