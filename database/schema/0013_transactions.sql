-- The ledger of payments: every movement of money, and every sum that was reserved or set free, as
-- the fold has found it. Rows are only added. For each payment the rows of a type come to what the
-- payment says now: captured, less what went back.
CREATE TABLE payment_transactions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id uuid NOT NULL,
    order_id uuid NOT NULL,
    -- NULL: an authorization that nothing was captured of.
    payment_id uuid,
    provider text NOT NULL,
    account text NOT NULL,
    -- The payment or authorization at the provider.
    external_id text NOT NULL,
    type text NOT NULL CHECK (type IN ('authorization', 'capture', 'refund', 'reversal', 'dispute',
        'manual')),
    -- Above zero: to the seller, or reserved. Below: back to the shopper, or set free.
    amount numeric(15, 3) NOT NULL CHECK (amount <> 0),
    currency currency_code NOT NULL,
    -- The transaction that has written it.
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX payment_transactions_newest
    ON payment_transactions (organization_id, created_at, id);
CREATE INDEX payment_transactions_payment ON payment_transactions (payment_id, created_at, id)
    WHERE payment_id IS NOT NULL;
CREATE INDEX payment_transactions_order ON payment_transactions (order_id);

\i code/transactions/book.sql
\i code/transactions/book_reserved.sql
\i code/transactions/keep.sql

CREATE TRIGGER book AFTER INSERT OR UPDATE OR DELETE ON payments
    FOR EACH ROW EXECUTE FUNCTION transaction_book();
ALTER TABLE payments ENABLE ALWAYS TRIGGER book;
CREATE TRIGGER book AFTER INSERT OR UPDATE OR DELETE ON payment_objects
    FOR EACH ROW EXECUTE FUNCTION transaction_book_reserved();
ALTER TABLE payment_objects ENABLE ALWAYS TRIGGER book;
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_transactions
    FOR EACH STATEMENT EXECUTE FUNCTION transaction_keep();

\i code/transactions/book_all.sql

-- Payments that were there before.
SELECT transaction_book_all();
