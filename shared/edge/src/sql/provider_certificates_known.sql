-- The certificates that have passed lately: url text, pem text.
SELECT url, pem FROM provider_certificates_known()
