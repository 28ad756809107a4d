#!/usr/bin/env bash
# Brings a Postgres database up to date: applies, in order, each migrations/*.sql that schema_migrations doesn't name.
#
#   scripts/migrate.sh [DATABASE_URL]     default: $DATABASE_URL. Needs psql.
#
# Each file is one transaction together with its line in schema_migrations: applied as a whole or not at all.
# Two at the same time: the second waits, then fails at what the first has done; run again, it finds nothing to do.
set -euo pipefail
url=${1:-${DATABASE_URL:-}}
[ -n "$url" ] || {
    echo "usage: scripts/migrate.sh DATABASE_URL" >&2
    exit 2
}
cd "$(dirname "$0")/.."

sql() { PGOPTIONS="${PGOPTIONS:-} -c client_min_messages=warning" psql -X -q -At -v ON_ERROR_STOP=1 "$url" "$@"; }

sql -c "CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
applied=$(sql -c "SELECT name FROM schema_migrations")
for file in migrations/*.sql; do
    name=$(basename "$file" .sql)
    grep -qxF "$name" <<<"$applied" && continue
    echo "applying $name"
    # The line goes first: its unique key makes a second runner wait.
    sql -1 -c "INSERT INTO schema_migrations (name) VALUES ('$name')" -f "$file"
    changed=yes
done
# What a migration changes may be in any cached answer.
[ -z "${changed:-}" ] || sql -c "INSERT INTO cache_invalidations (tags) VALUES ('{*}')"
