-- What the shop's own fraud check has said of a payment session, or why it said nothing: kept, so
-- that the same request again isn't judged again. NULL: it wasn't asked.
ALTER TABLE payment_sessions ADD COLUMN fraud jsonb CHECK (jsonb_typeof(fraud) = 'object');
