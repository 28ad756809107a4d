-- As in 0141.
--   outcome too_many: the transmission has had its bodies for this hour; nothing is stored, event and the rest are NULL.
CREATE OR REPLACE FUNCTION payment_event_record(
    p_provider text, p_account text, p_event_id text, p_kind text, p_body_sha256 text, p_transmission text,
    p_headers jsonb, p_body bytea, p_occurred_at timestamptz, p_state text, p_reason text, p_keep interval)
RETURNS TABLE (outcome text, event uuid, state text, reason text, conflict boolean) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    others uuid[];
    among boolean;
    flood integer;
BEGIN
    IF p_transmission IS NOT NULL THEN
        -- Two bodies of one transmission at the same moment must see each other.
        PERFORM pg_advisory_xact_lock(hashtextextended(format('transmission/%s/%s/%s', p_provider, p_account, p_transmission), 0));
        SELECT array_agg(t.event), coalesce(bool_or(t.body_sha256 = p_body_sha256), false) INTO others, among
        FROM webhook_transmissions t
        WHERE t.provider = p_provider AND t.account = p_account AND t.transmission_id = p_transmission;
        IF others IS NOT NULL AND NOT among THEN
            -- All that will be written, in the order of all (0140).
            PERFORM FROM webhook_events e WHERE e.id = ANY (others)
                OR (e.provider, e.account, e.event_id, e.body_sha256) = (p_provider, p_account, p_event_id, p_body_sha256)
            ORDER BY e.id FOR NO KEY UPDATE;
        END IF;
        IF cardinality(others) >= transmission_bodies() AND NOT among THEN
            INSERT INTO webhook_transmission_floods AS w (provider, account, transmission_id) VALUES (p_provider, p_account, p_transmission)
            ON CONFLICT (provider, account, transmission_id) DO UPDATE SET
                bodies = CASE WHEN w.since < now() - interval '1 hour' THEN 1 ELSE least(w.bodies + 1, 1000000) END,
                since = CASE WHEN w.since < now() - interval '1 hour' THEN now() ELSE w.since END
            RETURNING w.bodies INTO flood;
            IF flood > transmission_bodies_an_hour() OR cardinality(others) >= transmission_bodies_ever() THEN
                outcome := 'too_many';
                RETURN NEXT;
                RETURN;
            END IF;
            -- The oldest that nothing is lost with: it names nothing, or what it names was taken from the API, whatever it said of it.
            DELETE FROM webhook_events e WHERE e.id = (
                SELECT d.id FROM webhook_events d
                WHERE d.id = ANY (others) AND d.state IN ('received', 'needs_review') AND NOT d.agreed
                    AND (d.reason = 'resource-unknown' OR d.reason = 'transmission-conflict' AND d.resource IS NOT NULL)
                ORDER BY d.received_at, d.id LIMIT 1);
        END IF;
    END IF;

    INSERT INTO webhook_events AS e (provider, account, event_id, kind, body_sha256, state, reason, organization_id, headers, body,
        body_expires_at, occurred_at)
    SELECT p_provider, p_account, p_event_id, p_kind, p_body_sha256, p_state, p_reason,
        (SELECT a.organization_id FROM provider_accounts a WHERE a.provider = p_provider AND a.account = p_account),
        p_headers, p_body, now() + p_keep, p_occurred_at
    ON CONFLICT (provider, account, event_id, body_sha256)
        DO UPDATE SET deliveries = e.deliveries + 1, last_delivery_at = now()
    -- xmax is the locker's id on a row that was there before.
    RETURNING CASE WHEN e.xmax = 0 THEN 'recorded' ELSE 'known' END, e.id INTO outcome, event;

    IF p_transmission IS NOT NULL AND NOT among THEN
        INSERT INTO webhook_transmissions (provider, account, transmission_id, body_sha256, event)
        VALUES (p_provider, p_account, p_transmission, p_body_sha256, event) ON CONFLICT DO NOTHING;
        IF others IS NOT NULL THEN
            -- Nobody can tell which one is genuine, so each that hasn't taken effect is marked.
            UPDATE webhook_events e SET conflict = true
            WHERE e.id = ANY (others || payment_event_record.event) AND e.state <> 'applied' AND NOT e.conflict;
        END IF;
    END IF;
    SELECT e.state, e.reason, e.conflict INTO state, reason, conflict FROM webhook_events e WHERE e.id = payment_event_record.event;
    RETURN NEXT;
END $$;
