-- Notes what a product-service has answered to the question for a hold.
--   p_reservation: its name for it; NULL: it refused. p_away: it gave no answer, so the order is
--     let through, and the service is asked again when the order is there. p_rests: as
--     provider_rest takes it.
--   held: whether the order may be made. Another request with the same key may have been answered
--   before, and that counts.
CREATE OR REPLACE FUNCTION stock_hold_answer(p_id uuid, p_reservation text, p_away boolean,
    p_rests jsonb DEFAULT NULL)
RETURNS TABLE (held boolean) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM provider_rest(p_rests);
    IF p_reservation IS NULL AND NOT p_away THEN
        DELETE FROM stock_holds h WHERE h.id = p_id AND h.state = 'asked';
    ELSE
        UPDATE stock_holds h SET
            state = CASE WHEN p_away THEN 'optimistic' ELSE 'reserved' END,
            reservation = CASE WHEN p_away THEN 'optimistic_' || h.id ELSE p_reservation END
        WHERE h.id = p_id AND h.state = 'asked';
    END IF;
    held := EXISTS (SELECT FROM stock_holds h
        WHERE h.id = p_id AND h.state IN ('reserved', 'optimistic'));
    RETURN NEXT;
END $$;
