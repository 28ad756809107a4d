-- Takes back all guest tokens of an order.
-- $1 uuid organisation, $2 uuid order, $3 uuid customer: only this one's order, NULL for any.
-- found int: 0 where there is no such order. revoked bigint. xid text, tags text[]: nothing that is cached has changed.
SELECT guest_tokens_revoke($1::uuid, $2::uuid, $3::uuid) AS revoked,
    EXISTS (SELECT FROM orders o WHERE o.organization_id = $1::uuid AND o.id = $2::uuid AND ($3::uuid IS NULL OR o.customer_id = $3::uuid))::integer AS found,
    NULL::text AS xid, '{}'::text[] AS tags
