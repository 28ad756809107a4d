-- Indexes of the lists that operators read, one for each way to ask. A page walks one of them from
-- where the last page ended, so it costs the same at any depth and at any size.

-- Events by what they are shown as.
CREATE INDEX webhook_events_newest ON webhook_events (received_at, id);
CREATE INDEX webhook_events_shown ON webhook_events
    ((CASE WHEN dismissed_at IS NULL THEN state ELSE 'dismissed' END), received_at, id);
CREATE INDEX webhook_transmissions_id ON webhook_transmissions (transmission_id);

-- Sessions, refunds and captured payments of an organisation.
CREATE INDEX payment_sessions_status ON payment_sessions (organization_id, status, created_at, id);
CREATE INDEX refund_requests_newest ON refund_requests (organization_id, created_at, id);
CREATE INDEX refund_requests_state ON refund_requests (organization_id, state, created_at, id);
CREATE INDEX payments_captured ON payments (organization_id, captured_at, id)
    WHERE captured_at IS NOT NULL;
