-- What must be applied before a certificate may be given, and the epoch to give it for. One row.
-- $1 text Redis address and key prefix, $2 text run id of this Redis.
-- outcome text: ok | mismatch (the database serves another cache; the rest is empty).
-- epoch text. ids bigint[]: the outbox rows that were read, to be deleted once applied. tags text[]: what they say.
SELECT outcome, epoch, ids, tags FROM cache_renew($1::text, $2::text)
