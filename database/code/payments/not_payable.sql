-- The reason why an order can't be paid: deleted, its status, or its payment status. NULL: it can.
CREATE OR REPLACE FUNCTION not_payable(o orders) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN o.deleted_at IS NOT NULL THEN 'deleted' WHEN o.status = 'cancelled' THEN o.status
    -- A payment that is pending at its provider may still come.
    WHEN o.payment_status NOT IN ('unpaid', 'failed') THEN o.payment_status END;
