-- The finality of an object's state. Of two observations of one object the greater one stands, by
-- finality, time and rank.
--   A completed payment stays completed, whatever is told later about earlier attempts; its refunds
--   are objects of their own. One that was given up takes no other attempt. One that is authorized
--   was attempted with success, whatever is told later about its session.
--   A refund may fail after it was completed, never the other way round. An authorization ends
--   once.
--   A dispute may be opened again, so only the time decides, and at the same moment the rank.
CREATE OR REPLACE FUNCTION payment_object_finality(kind text, state text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN kind = 'payment' THEN CASE state WHEN 'completed' THEN 3 WHEN 'cancelled' THEN 2
        WHEN 'authorized' THEN 1 ELSE 0 END
    WHEN kind = 'authorization' THEN (state IN ('cancelled', 'failed', 'completed'))::integer
    WHEN kind = 'refund' THEN CASE WHEN state IN ('failed', 'cancelled') THEN 2
        WHEN state = 'completed' THEN 1 ELSE 0 END
    ELSE 0
END;
