-- A transaction as a line of CSV, in the order of transaction_csv_head. Amounts stay numbers.
CREATE OR REPLACE FUNCTION transaction_csv(t payment_transactions) RETURNS text
LANGUAGE sql STABLE
RETURN t.id || ',' || t.order_id || ',' || coalesce(t.payment_id::text, '') || ','
    || csv_cell(t.provider) || ',' || csv_cell(t.account) || ',' || csv_cell(t.external_id) || ','
    || t.type || ',' || money_text(t.amount, t.currency) || ',' || t.currency || ','
    || time_text(t.created_at);
