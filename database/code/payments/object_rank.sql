-- The rank of an object's state among observations of the same finality and time. A dispute begins
-- before it ends, and may be won after it was lost.
CREATE OR REPLACE FUNCTION payment_object_rank(state text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN array_position(ARRAY['pending', 'failed', 'cancelled', 'authorized', 'completed', 'inquiry',
    'open', 'undecided', 'closed', 'lost', 'won'], state);
