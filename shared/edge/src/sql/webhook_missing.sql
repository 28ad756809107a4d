-- Which events of a provider's list never arrived. $1 text provider, $2 text account, $3 text[] event ids. event_id text.
SELECT event_id FROM webhook_events_missing($1::text, $2::text, $3::text[])
