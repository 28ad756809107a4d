-- Keeps a certificate that has passed. $1 text its URL, $2 text its PEM.
SELECT '' AS xid, '{}'::text[] AS tags FROM provider_certificate_keep($1::text, $2::text)
