-- Outbox and epoch for a renewal.   $1 text: this cache's name   $2 text: Redis' run id, 32 hexadecimal digits
-- One row: outcome text ('ok' | 'mismatch'), epoch text (a UUID), ids bigint[], tags text[]
SELECT outcome, epoch, ids, tags FROM cache_renew($1, $2)
