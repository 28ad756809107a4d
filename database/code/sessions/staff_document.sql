-- The JSON of a session as operators and services see it: with why it was held, and with what the
-- shop's fraud check has said.
CREATE OR REPLACE FUNCTION session_staff_document(s payment_sessions) RETURNS json
LANGUAGE sql STABLE
RETURN CASE WHEN s.review_score IS NULL AND s.fraud IS NULL THEN session_document(s)::json
    ELSE (session_document(s)::jsonb
        || CASE WHEN s.review_score IS NULL THEN '{}' ELSE jsonb_build_object('review',
            jsonb_build_object('score', s.review_score, 'signals', s.review_signals,
                'releasedBy', s.released_by, 'releasedAt', time_text(s.released_at))) END
        || CASE WHEN s.fraud IS NULL THEN '{}' ELSE jsonb_build_object('fraudCheck', s.fraud) END
    )::json END;
