-- Indexes by which the cost of an event and of an operator's page stays what it is, however many
-- sessions, objects and events there are.

-- The sessions of an order: every fold asks for them, and so does a deleted order.
CREATE INDEX payment_sessions_order ON payment_sessions (order_id);
-- A payment that came before its session, by the id that the session learns at the provider.
CREATE INDEX payment_objects_waiting_payment ON payment_objects (object_id)
    WHERE order_id IS NULL AND kind = 'payment';

-- Events of an organisation, the newest first. The foreign key uses it, too.
CREATE INDEX webhook_events_organization ON webhook_events (organization_id, received_at, id);

-- Refunds that somebody has to see to, for metrics.
CREATE INDEX refund_requests_open ON refund_requests (state, created_at)
    WHERE state IN ('queued', 'needs_review');
CREATE INDEX refund_requests_failed ON refund_requests (updated_at) WHERE state = 'failed';

-- Events that wait, by the time at which their bodies end: then they are no longer tried.
CREATE INDEX webhook_events_given_up ON webhook_events (body_expires_at) WHERE state = 'received';

-- Open events, with all that metrics count of them: the count needn't touch the table.
DROP INDEX webhook_events_open;
CREATE INDEX webhook_events_open ON webhook_events (state, reason, received_at)
    WHERE state IN ('received', 'needs_review') AND dismissed_at IS NULL;
