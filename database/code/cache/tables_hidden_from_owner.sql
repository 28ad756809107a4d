-- The tables whose rows row-level security hides from the owner of the functions: announcing
-- triggers, which have the owner's rights, would miss changes there.
CREATE OR REPLACE FUNCTION tables_hidden_from_owner() RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT coalesce(array_agg(name), '{}') FROM unnest(product_tables()) AS name
    WHERE row_security_active(to_regclass(name)::oid)
$$;
