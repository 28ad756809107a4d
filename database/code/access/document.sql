-- A revocation as JSON.
CREATE OR REPLACE FUNCTION access_document(p_revocation access_revocations) RETURNS json
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object(
        'id', (p_revocation).id,
        'kind', (p_revocation).kind,
        'tokenId', (p_revocation).token_id,
        'subject', (p_revocation).subject,
        'issuedBefore', CASE WHEN (p_revocation).kind = 'subject'
            THEN time_text(to_timestamp((p_revocation).issued)) END,
        'issuedAt', CASE WHEN (p_revocation).kind = 'session'
            THEN time_text(to_timestamp((p_revocation).issued)) END,
        'expiresAt', CASE WHEN isfinite((p_revocation).expires_at)
            THEN time_text((p_revocation).expires_at) END,
        'note', (p_revocation).note,
        'revokedBy', (p_revocation).revoked_by,
        'createdAt', time_text((p_revocation).created_at));
END;
