-- Stock that is counted here: how many pieces of an article there are, and which orders hold some
-- of them. An article is a SKU of an organisation, whatever currencies it has prices in. One
-- without a row isn't counted: any number of it can be ordered.
CREATE TABLE stock_levels (
    organization_id uuid NOT NULL REFERENCES organizations,
    sku text NOT NULL CHECK (sku <> ''),
    -- Pieces that are there, the reserved ones among them.
    on_hand bigint NOT NULL CHECK (on_hand >= 0),
    -- The sum of the reservations that stand. Kept by the triggers of stock_reservations.
    reserved bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, sku),
    CONSTRAINT stock_levels_none_sold_twice CHECK (reserved <= on_hand)
) WITH (fillfactor = 70);

-- A row per line of an order whose article is counted. It is reserved once, and then released or
-- deducted once. It goes with its line by a trigger: a foreign key would forbid to TRUNCATE lines.
CREATE TABLE stock_reservations (
    order_id uuid NOT NULL,
    position integer NOT NULL,
    organization_id uuid NOT NULL,
    sku text NOT NULL,
    quantity integer NOT NULL CHECK (quantity > 0),
    state text NOT NULL DEFAULT 'reserved' CHECK (state IN ('reserved', 'released', 'deducted')),
    -- Whether the order may end unpaid: it is pending, and no money is promised for it.
    may_expire boolean NOT NULL,
    -- Since when.
    held_since timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    -- Set if its order was cancelled because nobody paid in time.
    expired boolean NOT NULL DEFAULT false,
    PRIMARY KEY (order_id, position),
    CHECK ((settled_at IS NULL) = (state = 'reserved')),
    CHECK (NOT expired OR state = 'released')
);

CREATE INDEX stock_reservations_unpaid ON stock_reservations (held_since, order_id)
    WHERE state = 'reserved' AND may_expire;

-- Every change of the pieces that are there, and why. Rows are only added.
CREATE TABLE stock_movements (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id uuid NOT NULL,
    sku text NOT NULL,
    change bigint NOT NULL CHECK (change <> 0),
    -- The pieces that were there afterwards.
    on_hand bigint NOT NULL,
    -- 'other': some other program has changed the level.
    reason text NOT NULL CHECK (reason IN ('count', 'receipt', 'return', 'loss', 'shipment',
        'other')),
    -- The order that was shipped.
    order_id uuid,
    note text,
    -- The caller; NULL: a trigger, or another program.
    actor text,
    -- Read while the level is locked, so it grows with the movements of one article.
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX stock_movements_newest
    ON stock_movements (organization_id, sku, created_at, id);

\i code/stock/account.sql

CREATE TRIGGER account_insert AFTER INSERT ON stock_reservations
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION stock_account();
CREATE TRIGGER account_update AFTER UPDATE ON stock_reservations
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION stock_account();
CREATE TRIGGER account_delete AFTER DELETE ON stock_reservations
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION stock_account();
CREATE TRIGGER account_truncate AFTER TRUNCATE ON stock_reservations
    FOR EACH STATEMENT EXECUTE FUNCTION stock_account();

\i code/stock/reserve.sql

CREATE TRIGGER reserve_on_insert AFTER INSERT ON order_items
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION stock_reserve();
CREATE TRIGGER reserve_on_update AFTER UPDATE ON order_items
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION stock_reserve();

\i code/stock/drop.sql

CREATE TRIGGER drop_on_delete AFTER DELETE ON order_items REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION stock_drop();
CREATE TRIGGER drop_on_truncate AFTER TRUNCATE ON order_items
    FOR EACH STATEMENT EXECUTE FUNCTION stock_drop();

\i code/stock/settle.sql

CREATE TRIGGER settle_stock AFTER UPDATE ON orders
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION stock_settle();

\i code/stock/note_movement.sql

CREATE TRIGGER note_insert AFTER INSERT ON stock_levels
    FOR EACH ROW WHEN (NEW.on_hand > 0) EXECUTE FUNCTION stock_note_movement();
CREATE TRIGGER note_update AFTER UPDATE ON stock_levels
    FOR EACH ROW WHEN (NEW.on_hand <> OLD.on_hand) EXECUTE FUNCTION stock_note_movement();

\i code/stock/keep.sql

CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON stock_movements
    FOR EACH STATEMENT EXECUTE FUNCTION stock_keep();

\i code/stock/tags.sql
\i code/cache/announce_stock.sql

CREATE TRIGGER announce_insert AFTER INSERT ON stock_levels REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION announce_stock();
CREATE TRIGGER announce_update AFTER UPDATE ON stock_levels
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION announce_stock();
CREATE TRIGGER announce_delete AFTER DELETE ON stock_levels REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION announce_stock();
CREATE TRIGGER announce_truncate AFTER TRUNCATE ON stock_levels
    FOR EACH STATEMENT EXECUTE FUNCTION announce_everything();
ALTER TABLE stock_levels ENABLE ALWAYS TRIGGER announce_insert,
    ENABLE ALWAYS TRIGGER announce_update, ENABLE ALWAYS TRIGGER announce_delete,
    ENABLE ALWAYS TRIGGER announce_truncate;

\i code/stock/touch_stock.sql

CREATE TRIGGER touch_stock_insert AFTER INSERT ON products REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION touch_stock();
CREATE TRIGGER touch_stock_update AFTER UPDATE ON products
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION touch_stock();
CREATE TRIGGER touch_stock_delete AFTER DELETE ON products REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION touch_stock();
ALTER TABLE products ENABLE ALWAYS TRIGGER touch_stock_insert,
    ENABLE ALWAYS TRIGGER touch_stock_update, ENABLE ALWAYS TRIGGER touch_stock_delete;
