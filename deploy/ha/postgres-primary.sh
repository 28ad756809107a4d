#!/bin/sh
# HAProxy's check of a Postgres. It succeeds for the primary alone: a server that is no replica, and
# on whose timeline no later one was begun. An old primary that comes back isn't in recovery either,
# but its timeline is the lower one. Given: HAProxy's own address and port, the server's address and
# port.
#
# postgres-primary.env beside it sets POSTGRES_SERVERS ("address:port address:port"), PGUSER,
# PGPASSWORD and PGDATABASE of a role that may do nothing but connect, and PATH for psql. Only the
# user that HAProxy runs as may read it.
. "${0%/*}/postgres-primary.env" # HAProxy gives no PATH
export PATH PGUSER PGPASSWORD PGDATABASE

# The timeline of a primary; nothing of a replica, and of a server that gives no answer.
timeline() {
    timeout 1 psql -XAtq -h "$1" -p "$2" -c "SELECT CASE WHEN NOT pg_is_in_recovery()
        THEN left(pg_walfile_name(pg_current_wal_lsn()), 8) END" 2>/dev/null
}

own=$(timeline "$3" "$4")
[ -n "$own" ] || exit 1
for server in $POSTGRES_SERVERS; do
    [ "$server" != "$3:$4" ] || continue
    other=$(timeline "${server%:*}" "${server##*:}")
    if [ -n "$other" ] && [ $((0x$other)) -gt $((0x$own)) ]; then exit 1; fi
done
