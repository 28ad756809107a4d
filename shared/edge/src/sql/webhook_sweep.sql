-- Forgets headers and bodies whose time is over. $1 integer at most so many. forgotten bigint.
SELECT forgotten, '' AS xid, '{}'::text[] AS tags FROM webhook_bodies_sweep($1::integer) AS forgotten
