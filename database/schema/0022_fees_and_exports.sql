-- Fees as providers tell them, and a way through the ledger in the order in which transactions of
-- the database were begun: an export ends where none can still commit.

ALTER TABLE payment_objects
    -- The provider's fee for a payment, in its own currency, and when the provider said so.
    ADD COLUMN fee numeric(15, 3) CHECK (fee >= 0),
    ADD COLUMN fee_currency currency_code,
    ADD COLUMN fee_at timestamptz,
    ADD CONSTRAINT payment_objects_fee_is_whole CHECK ((fee IS NULL) = (fee_currency IS NULL)
        AND (fee IS NULL) = (fee_at IS NULL)) NOT VALID;

ALTER TABLE payments
    ADD COLUMN fee numeric(15, 3) CHECK (fee >= 0),
    ADD COLUMN fee_currency currency_code,
    ADD CONSTRAINT payments_fee_is_whole CHECK ((fee IS NULL) = (fee_currency IS NULL)) NOT VALID;

-- The new list has all of the old one, so the rows that are there fit it.
ALTER TABLE payment_transactions
    DROP CONSTRAINT payment_transactions_type_check,
    ADD CONSTRAINT payment_transactions_type_check CHECK (type IN ('authorization', 'capture',
        'refund', 'reversal', 'dispute', 'manual', 'fee')) NOT VALID;

CREATE INDEX payment_transactions_xid ON payment_transactions (organization_id, xid, id);

\i code/transactions/book.sql
\i code/transactions/keep.sql
