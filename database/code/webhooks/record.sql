-- Stores one verified event, or finds it.
--   p_kind: the event's type. p_body_sha256: what tells it from others of its id, hexadecimal; see
--     the column. A Stripe event is known by its id alone, whatever hash it was stored under.
--   p_transmission: PayPal's transmission id; NULL if the whole body is signed.
--   p_headers: the signature's headers, or NULL. p_occurred_at: RFC 3339, or NULL.
--   p_state, p_reason: of a new event: received, or ignored, or needs_review with its reason.
--   p_keep: for how many seconds headers and body are kept.
--   outcome: recorded (new); known; too_many (the transmission has had its bodies for this hour:
--     nothing is stored, event and the rest are NULL).
--   event, state, reason: as stored. xid: ''. tags: the tags that an answer vouches for, if the
--     event has taken effect before. resting_ms: for how long the provider is to be left alone.
-- Forged bodies of a transmission don't keep the genuine one out: a new body takes the place of one
-- that is of no use any more. Only so many may come in an hour, since each costs a look at the API.
CREATE OR REPLACE FUNCTION webhook_record(
    p_provider text, p_account text, p_event_id text, p_kind text, p_body_sha256 text,
    p_transmission text, p_headers jsonb, p_body bytea, p_occurred_at text, p_state text,
    p_reason text, p_keep bigint)
RETURNS TABLE (outcome text, event text, state text, reason text, xid text, tags text[],
    resting_ms bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_event uuid;
    others uuid[];
    among boolean;
    flood integer;
BEGIN
    xid := '';
    tags := '{}';
    resting_ms := provider_resting(p_provider);
    IF p_provider = 'stripe' THEN
        p_body_sha256 := coalesce((SELECT e.body_sha256 FROM webhook_events e
            WHERE e.provider = p_provider AND e.account = p_account AND e.event_id = p_event_id
            ORDER BY e.state = 'applied' DESC, e.received_at, e.id LIMIT 1), p_body_sha256);
    END IF;
    IF p_transmission IS NOT NULL THEN
        -- Two bodies of one transmission at the same moment must see each other.
        PERFORM pg_advisory_xact_lock(hashtextextended(format('transmission/%s/%s/%s', p_provider,
            p_account, p_transmission), 0));
        SELECT array_agg(t.event), coalesce(bool_or(t.body_sha256 = p_body_sha256), false)
            INTO others, among
        FROM webhook_transmissions t
        WHERE t.provider = p_provider AND t.account = p_account
            AND t.transmission_id = p_transmission;
        IF others IS NOT NULL AND NOT among THEN
            -- All that will be written is locked first, by id, as everywhere.
            PERFORM FROM webhook_events e WHERE e.id = ANY (others)
                OR (e.provider, e.account, e.event_id, e.body_sha256) = (p_provider, p_account,
                    p_event_id, p_body_sha256)
            ORDER BY e.id FOR NO KEY UPDATE;
        END IF;
        IF cardinality(others) >= transmission_bodies() AND NOT among THEN
            INSERT INTO webhook_transmission_floods AS w (provider, account, transmission_id)
                VALUES (p_provider, p_account, p_transmission)
            ON CONFLICT (provider, account, transmission_id) DO UPDATE SET
                bodies = CASE WHEN w.since < now() - interval '1 hour' THEN 1
                    ELSE least(w.bodies + 1, 1000000) END,
                since = CASE WHEN w.since < now() - interval '1 hour' THEN now() ELSE w.since END
            RETURNING w.bodies INTO flood;
            IF flood > transmission_bodies_an_hour()
                OR cardinality(others) >= transmission_bodies_ever() THEN
                outcome := 'too_many';
                RETURN NEXT;
                RETURN;
            END IF;
            -- The oldest body goes whose loss costs nothing: it names nothing, or the API has shown
            -- what it names, whatever the body says.
            DELETE FROM webhook_events e WHERE e.id = (
                SELECT d.id FROM webhook_events d
                WHERE d.id = ANY (others) AND d.state IN ('received', 'needs_review')
                    AND NOT d.agreed
                    AND (d.reason = 'resource-unknown' OR d.reason = 'transmission-conflict'
                        AND d.resource IS NOT NULL)
                ORDER BY d.received_at, d.id LIMIT 1);
        END IF;
    END IF;

    INSERT INTO webhook_events AS e (provider, account, event_id, kind, body_sha256, state, reason,
        organization_id, headers, body,
        body_expires_at, occurred_at)
    SELECT p_provider, p_account, p_event_id, p_kind, p_body_sha256, p_state, p_reason,
        (SELECT a.organization_id FROM provider_accounts a WHERE a.provider = p_provider
            AND a.account = p_account),
        p_headers, p_body, now() + p_keep * interval '1 second', p_occurred_at::timestamptz
    ON CONFLICT (provider, account, event_id, body_sha256)
        DO UPDATE SET deliveries = e.deliveries + 1, last_delivery_at = now()
    -- xmax is the locker's id on a row that was there before.
    RETURNING CASE WHEN e.xmax = 0 THEN 'recorded' ELSE 'known' END, e.id INTO outcome, v_event;
    event := v_event::text;

    IF p_transmission IS NOT NULL AND NOT among THEN
        INSERT INTO webhook_transmissions (provider, account, transmission_id, body_sha256, event)
        VALUES (p_provider, p_account, p_transmission, p_body_sha256, v_event)
            ON CONFLICT DO NOTHING;
        IF others IS NOT NULL THEN
            -- Nobody can tell which one is genuine, so each that hasn't taken effect is marked.
            UPDATE webhook_events e SET conflict = true
            WHERE e.id = ANY (others || v_event) AND e.state <> 'applied' AND NOT e.conflict;
        END IF;
    END IF;
    SELECT e.state, e.reason INTO state, reason FROM webhook_events e WHERE e.id = v_event;
    IF state = 'applied' THEN
        tags := webhook_tags(v_event);
    END IF;
    RETURN NEXT;
END $$;
