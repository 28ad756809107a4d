-- For how many milliseconds more a provider is to be left alone; 0 if it isn't. The product-service
-- of the shop's own is one, too, by the name product-service.
CREATE OR REPLACE FUNCTION provider_resting(p_provider text) RETURNS bigint LANGUAGE sql STABLE
RETURN coalesce((SELECT greatest(0, ceil(extract(epoch FROM r.until - now()) * 1000))::bigint
    FROM provider_rests r WHERE r.provider = p_provider), 0);
