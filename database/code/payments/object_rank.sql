-- The rank of an object's state among observations of the same finality and time.
CREATE OR REPLACE FUNCTION payment_object_rank(state text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN array_position(ARRAY['pending', 'failed', 'cancelled', 'authorized', 'completed', 'open',
    'won', 'lost'], state);
