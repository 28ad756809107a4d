-- An event as callers see it. It says that something has changed and never what, so it holds
-- nothing personal.
CREATE OR REPLACE FUNCTION event_document(e events) RETURNS json LANGUAGE sql STABLE
RETURN json_build_object('id', e.id, 'position', e.position, 'type', e.type,
    'organizationId', e.organization_id, 'subjectId', e.subject, 'version', e.version,
    'occurredAt', time_text(e.occurred_at));
