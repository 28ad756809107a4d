-- For the reads: lists by every sort and the filters that narrow most, histories, statistics, children by their order.
-- Only live orders are shown, so mostly only they are indexed.

CREATE INDEX orders_by_created_at ON orders (organization_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX orders_by_updated_at ON orders (organization_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX orders_by_total_amount ON orders (organization_id, total_amount, id) WHERE deleted_at IS NULL;
CREATE INDEX orders_by_status ON orders (organization_id, status, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX orders_by_payment_status ON orders (organization_id, payment_status, created_at, id) WHERE deleted_at IS NULL;
-- Histories; also the foreign key to customers, which asks for hidden orders, too.
CREATE INDEX orders_by_customer ON orders (organization_id, customer_id, created_at, id) INCLUDE (deleted_at);
-- All that statistics read: they never touch the table.
CREATE INDEX orders_statistics ON orders (organization_id, currency, status, payment_status) INCLUDE (total_amount) WHERE deleted_at IS NULL;

CREATE INDEX payments_by_order ON payments (order_id);
CREATE INDEX shipments_by_order ON shipments (order_id);
