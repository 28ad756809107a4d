-- How much of a session's time passes before a read puts its end off again: a minute, or a tenth if
-- the session is short. So a session that is read all the time is written once in each step.
CREATE OR REPLACE FUNCTION user_session_step(p_valid_seconds bigint) RETURNS interval
LANGUAGE sql IMMUTABLE
RETURN least(interval '1 minute', p_valid_seconds * interval '100 milliseconds');
