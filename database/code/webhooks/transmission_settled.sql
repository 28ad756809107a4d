-- Whether a conflict is none to look at: the API shows what the event says, and all bodies of its
-- transmissions say the same of the same resource as far as type and name go. Whichever is genuine,
-- its words are true and have been taken in.
--   e: the event as it is about to be stored.
CREATE OR REPLACE FUNCTION transmission_settled(e webhook_events) RETURNS boolean
LANGUAGE sql STABLE
RETURN e.agreed AND NOT EXISTS (
    SELECT FROM webhook_transmissions t
    JOIN webhook_transmissions u
        ON (u.provider, u.account, u.transmission_id) = (t.provider, t.account, t.transmission_id)
    JOIN webhook_events x ON x.id = u.event AND x.id <> e.id
    WHERE t.event = e.id AND (x.resource, x.kind) IS DISTINCT FROM (e.resource, e.kind));
