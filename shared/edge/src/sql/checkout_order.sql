-- Makes the order of a checkout session, once.
-- $1 uuid organisation, $2 text principal, $3 uuid checkout session, $4 uuid customer: the only one whose order it may be, NULL for any;
-- $5 jsonb the cart, as for order_create.sql, NULL where there is none; $6 uuid the id to give.
-- outcome text: created | replay (the order as it is now) | gone (it was deleted) | no_cart | as order_create.sql.
-- body text, version bigint: with created and replay. xid text, tags text[]: as order_create.sql.
SELECT outcome, body, version, xid, tags
FROM checkout_order($1::uuid, $2::text, $3::uuid, $4::uuid, $5::jsonb, $6::uuid)
