-- The time for which a provider answers a repeated request id as before, less a margin.
CREATE OR REPLACE FUNCTION provider_remembers(provider text) RETURNS interval LANGUAGE sql IMMUTABLE
RETURN CASE provider WHEN 'paypal' THEN interval '5 hours' WHEN 'stripe' THEN interval '23 hours'
    ELSE interval '0' END;
