-- A hold as it is shown.
CREATE OR REPLACE FUNCTION stock_hold_document(p_hold stock_holds) RETURNS json
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object('id', p_hold.id, 'orderId', p_hold.order_id, 'state', p_hold.state,
        'reservationId', p_hold.reservation,
        'requiresVerification', p_hold.state = 'optimistic',
        'items', p_hold.items, 'expired', p_hold.expired, 'attempts', p_hold.attempts,
        'heldSince', time_text(p_hold.held_since), 'settledAt', time_text(p_hold.settled_at),
        'createdAt', time_text(p_hold.created_at));
END;
