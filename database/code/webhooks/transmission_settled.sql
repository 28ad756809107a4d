-- As in 0141; e need not be stored yet as it is given.
CREATE OR REPLACE FUNCTION transmission_settled(e webhook_events) RETURNS boolean LANGUAGE sql STABLE
RETURN e.agreed AND NOT EXISTS (
    SELECT FROM webhook_transmissions t
    JOIN webhook_transmissions u ON (u.provider, u.account, u.transmission_id) = (t.provider, t.account, t.transmission_id)
    JOIN webhook_events x ON x.id = u.event AND x.id <> e.id
    WHERE t.event = e.id AND (x.resource, x.kind) IS DISTINCT FROM (e.resource, e.kind));
