-- Whether the counts can be relied on: since they were built, no trigger that keeps them has been
-- off or was made anew.
CREATE OR REPLACE FUNCTION order_counts_kept() RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT EXISTS (SELECT FROM order_counts_built b WHERE b.sign = order_counts_sign());
END;
