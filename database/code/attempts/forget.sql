-- Forgets all attempts of some windows: their counts begin anew. forgotten: how many there were.
CREATE OR REPLACE FUNCTION attempt_forget(p_keys text[]) RETURNS TABLE (forgotten bigint)
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM payment_attempts a WHERE a.key = ANY (p_keys);
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    RETURN NEXT;
END $$;
