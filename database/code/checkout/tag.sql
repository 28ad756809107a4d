-- The tag that a cart in the cache depends on. Callers that use one id share it.
CREATE OR REPLACE FUNCTION checkout_tag(p_organization uuid, p_checkout uuid) RETURNS text
LANGUAGE sql IMMUTABLE RETURN 'checkout:' || p_organization::text || '/' || p_checkout::text;
