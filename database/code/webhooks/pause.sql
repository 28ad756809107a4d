-- The time that an event waits before it is tried again: twice as long each time, up to an hour. If
-- it has waited for hours, a quarter of that, up to a day.
CREATE OR REPLACE FUNCTION webhook_pause(attempts integer, received_at timestamptz) RETURNS interval
LANGUAGE sql STABLE PARALLEL SAFE
RETURN least(interval '10 seconds' * power(2, least(attempts, 14)),
    greatest(interval '1 hour', (now() - received_at) / 4), interval '1 day');
