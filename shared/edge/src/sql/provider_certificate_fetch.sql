-- Whether a certificate may be fetched now. $1 text its URL, $2 integer fetches a minute.
SELECT granted, '' AS xid, '{}'::text[] AS tags FROM provider_certificate_fetch($1::text, $2::integer) AS granted
