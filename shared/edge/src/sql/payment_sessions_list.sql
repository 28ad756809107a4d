-- The newest payment sessions.
-- $1 uuid organisation, $2 uuid customer: only this one's, NULL for all; $3 uuid order or NULL, $4 text status or NULL, $5 int how many,
-- $6 bool whether to say why one was held. body text: the JSON to send.
SELECT body FROM payment_sessions_list($1::uuid, $2::uuid, $3::uuid, $4::text, $5::integer, $6::boolean)
