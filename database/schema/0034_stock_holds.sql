-- What a product-service holds for orders, where stock is kept there and not here. A row is written
-- before the service is asked, so nothing that it may hold is ever forgotten. It is also the list
-- of what is still to be told to it.
CREATE TABLE stock_holds (
    -- The service knows the hold by this.
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    -- NULL: there is no order yet, it has another hold by now, or it is gone. No foreign key: the
    -- service must be told of an order's end after the order is deleted.
    order_id uuid,
    -- Who makes the order, and under which Idempotency-Key. A repetition finds the hold by them.
    -- NULL once the order is there, or nobody makes it any more.
    principal text,
    request_key text,
    -- An array of {sku, quantity}, each article once.
    items jsonb NOT NULL,
    -- asked: nobody knows yet. reserved: the service holds it. optimistic: the service was away,
    -- and is asked again. stock_missing: then it refused, and somebody has to decide. releasing,
    -- deducting: the service is to be told. released, deducted: it has been told.
    state text NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'reserved', 'optimistic',
        'stock_missing', 'releasing', 'released', 'deducting', 'deducted')),
    -- The service's name for it, or one of ours that begins with 'optimistic_'.
    reservation text,
    -- As in stock_reservations.
    may_expire boolean NOT NULL DEFAULT false,
    held_since timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    expired boolean NOT NULL DEFAULT false,
    -- When the job takes it; while somebody has it, when that one has had time enough. Without an
    -- order: when nobody will make one any more.
    next_attempt_at timestamptz NOT NULL,
    lease uuid,
    attempts integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((principal IS NULL) = (request_key IS NULL)),
    CHECK (order_id IS NULL OR request_key IS NULL),
    CHECK ((settled_at IS NULL) = (state NOT IN ('released', 'deducted')))
) WITH (fillfactor = 80);

CREATE UNIQUE INDEX stock_holds_of_order ON stock_holds (order_id) WHERE order_id IS NOT NULL;

CREATE UNIQUE INDEX stock_holds_of_request ON stock_holds (organization_id, principal, request_key)
    WHERE request_key IS NOT NULL;

CREATE INDEX stock_holds_due ON stock_holds (next_attempt_at)
    WHERE state IN ('optimistic', 'releasing', 'deducting') OR request_key IS NOT NULL;

CREATE INDEX stock_holds_unsettled ON stock_holds (organization_id, state, created_at, id)
    WHERE state IN ('optimistic', 'stock_missing', 'releasing', 'deducting');

CREATE INDEX stock_holds_unpaid ON stock_holds (held_since, order_id)
    WHERE state IN ('reserved', 'optimistic', 'stock_missing') AND may_expire;

\i code/stock/hold_settle.sql

CREATE TRIGGER settle_hold AFTER UPDATE ON orders
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION stock_hold_settle();

\i code/stock/hold_drop.sql

CREATE TRIGGER drop_hold AFTER DELETE ON orders REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION stock_hold_drop();
CREATE TRIGGER drop_holds AFTER TRUNCATE ON orders
    FOR EACH STATEMENT EXECUTE FUNCTION stock_hold_drop();

INSERT INTO jobs (name, component, interval_seconds) VALUES ('stock-holds', 'product-catalog', 15);
