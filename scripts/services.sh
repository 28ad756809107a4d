#!/usr/bin/env bash
# Private Redis and Postgres servers for development and tests.
#
#   scripts/services.sh start [DIR] [redis] [postgres]   both, unless named
#   scripts/services.sh stop [DIR]
#   scripts/services.sh remove [DIR]                     stops them and deletes their data
#
# DIR (default .run) keeps the ports, the password and, where its owner can reach it, the data; DIR/services.env names the
# addresses. Nothing listens beyond 127.0.0.1. What is missing is installed by the system's package manager.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

command=${1:-}
if [ "$command" = start ]; then mkdir -p "${2:-.run}"; fi
[ -d "${2:-.run}" ] || exit 0 # nothing was ever started there
dir=$(cd "${2:-.run}" && pwd -P)
wanted=" ${*:3} "
[ "$wanted" != "  " ] || wanted=" redis postgres "
cd / # the servers' owner may not be allowed to see the directory that we were started in

# Postgres refuses to run as root, and Redis has no need to.
owner=""
if [ "$(id -u)" = 0 ]; then owner=nobody; fi
find_owner() { if [ -n "$owner" ] && id postgres >/dev/null 2>&1; then owner=postgres; fi; }

as_owner() {
    if [ -z "$owner" ]; then
        "$@"
    elif have runuser; then
        runuser -u "$owner" -- "$@"
    else
        su -s /bin/sh "$owner" -c "$(printf '%q ' "$@")"
    fi
}

# Sets `state`, the directory of data and logs: DIR/state, or, where the owner cannot get there (a checkout below /root), a
# fresh one in a temporary directory, whose name is kept in DIR.
find_state() {
    local base
    if [ -f "$dir/state.path" ]; then
        state=$(cat "$dir/state.path")
        if as_owner test -w "$state"; then return; fi
    fi
    mkdir -p "$dir/state"
    for base in "$dir" "${XDG_RUNTIME_DIR:-/tmp}" /tmp; do
        if [ "$base" = "$dir" ]; then state=$dir/state; else state=$(mktemp -d "$base/edge-orders.XXXXXX"); fi
        chmod 700 "$state"
        if [ -n "$owner" ]; then chown "$owner" "$state"; fi
        if as_owner test -w "$state"; then break; fi
        rmdir "$state"
    done
    if [ "$state" != "$dir/state" ]; then say "user $owner cannot reach $dir: data goes to $state"; fi
    echo "$state" >"$dir/state.path"
}

# keep_port NAME: the port of last time, or a new one where somebody else took it since.
keep_port() {
    local port
    port=$(cat "$dir/$1.port" 2>/dev/null || true)
    if [ -z "$port" ] || port_taken "$port"; then port=$(free_port); fi
    echo "$port" >"$dir/$1.port"
    echo "$port"
}

# Redis names its port in its title, so that a stale pid file can't point at somebody else's process.
redis_pid() {
    local pid title
    pid=$(cat "$state/redis/redis.pid" 2>/dev/null) || return 1
    title=$({ tr '\0' ' ' <"/proc/$pid/cmdline" || ps -p "$pid" -o args=; } 2>/dev/null) || return 1
    case "$title" in *":$(cat "$dir/redis.port") "*) echo "$pid" ;; *) return 1 ;; esac
}

redis_answers() {
    local answer
    exec 3<>"/dev/tcp/127.0.0.1/$1" && printf 'PING\r\n' >&3 && read -r -t 1 answer <&3 && exec 3>&- && [ "${answer%%[^+A-Z]*}" = +PONG ]
} 2>/dev/null

start_redis() {
    local server=$1 port attempt
    if [ -f "$dir/redis.port" ] && redis_pid >/dev/null; then return; fi
    as_owner mkdir -p "$state/redis"
    for attempt in 1 2 3; do
        port=$(keep_port redis)
        # A cache: nothing is written to disk.
        as_owner "$server" --bind 127.0.0.1 --port "$port" --save "" --appendonly no --daemonize yes \
            --dir "$state/redis" --pidfile "$state/redis/redis.pid" --logfile "$state/redis/log" >/dev/null
        for _ in $(seq 100); do
            if redis_answers "$port"; then return; fi
            sleep 0.05
        done
        say "Redis did not start on port $port (attempt $attempt), see $state/redis/log"
    done
    fail "Redis did not start"
}

postgres_running() { as_owner "$bin/pg_ctl" status -D "$state/postgres" >/dev/null 2>&1; }

create_postgres() {
    say "creating a Postgres cluster in $state/postgres"
    (umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$dir/password")
    as_owner tee "$state/password" <"$dir/password" >/dev/null
    as_owner "$bin/initdb" -D "$state/postgres" -U edge --pwfile="$state/password" --auth=scram-sha-256 \
        --encoding=UTF8 --locale=C --no-sync >"$dir/initdb.log" || fail "initdb failed, see $dir/initdb.log"
    # No unix socket: its path may be too long. Without fsync a crash of the machine loses the data, which is made to be lost.
    as_owner tee -a "$state/postgres/postgresql.conf" >/dev/null <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 400
shared_preload_libraries = 'pg_stat_statements'
fsync = off
full_page_writes = off
CONF
}

start_postgres() {
    local attempt
    if [ ! -f "$state/postgres/PG_VERSION" ]; then create_postgres; fi
    if postgres_running; then return; fi
    for attempt in 1 2 3; do
        if as_owner "$bin/pg_ctl" start -w -D "$state/postgres" -l "$state/postgres.log" \
            -o "-p $(keep_port postgres)" >/dev/null; then return; fi
        say "Postgres did not start (attempt $attempt):"
        as_owner tail -n 5 "$state/postgres.log" >&2
    done
    fail "Postgres did not start"
}

create_database() {
    local psql
    psql="$bin/psql -X -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -p $(cat "$dir/postgres.port") -U edge"
    PGPASSWORD=$(cat "$dir/password")
    export PGPASSWORD
    if [ -z "$($psql -d postgres -Atc "SELECT 1 FROM pg_database WHERE datname = 'edge_orders'")" ]; then
        $psql -d postgres -c "CREATE DATABASE edge_orders"
        $psql -d edge_orders -c "CREATE EXTENSION IF NOT EXISTS pg_stat_statements"
    fi
}

start() {
    local server=""
    case "$wanted" in *" redis "*)
        redis_server >/dev/null || install redis
        server=$(redis_server) || fail "redis-server is installed but not to be found"
        ;;
    esac
    bin=""
    case "$wanted" in *" postgres "*)
        postgres_bin >/dev/null || install postgres
        bin=$(postgres_bin) || fail "Postgres is installed but initdb and pg_ctl are not to be found"
        ;;
    esac
    find_owner
    find_state

    : >"$dir/services.env.new"
    if [ -n "$server" ]; then
        start_redis "$server"
        {
            echo "REDIS_URL=redis://127.0.0.1:$(cat "$dir/redis.port")"
            echo "REDIS_SERVER=$server"
        } >>"$dir/services.env.new"
    fi
    if [ -n "$bin" ]; then
        start_postgres
        create_database
        {
            echo "DATABASE_URL=postgres://edge:$(cat "$dir/password")@127.0.0.1:$(cat "$dir/postgres.port")/edge_orders?sslmode=disable"
            echo "POSTGRES_BIN=$bin"
        } >>"$dir/services.env.new"
    fi
    chmod 600 "$dir/services.env.new"
    mv "$dir/services.env.new" "$dir/services.env"
}

stop() {
    local pid
    find_owner
    if [ ! -f "$dir/state.path" ]; then return; fi
    state=$(cat "$dir/state.path")
    if [ -f "$dir/redis.port" ] && pid=$(redis_pid); then
        # CONT first: a stopped process dies of nothing but KILL.
        kill -CONT "$pid" && kill "$pid"
        wait_until 10 "Redis ($pid) does not stop" redis_gone
    fi
    if bin=$(postgres_bin) && postgres_running; then
        as_owner "$bin/pg_ctl" stop -w -m fast -D "$state/postgres" >/dev/null ||
            as_owner "$bin/pg_ctl" stop -w -m immediate -D "$state/postgres" >/dev/null
    fi
}
# A process that nobody has waited for yet has lost its title.
redis_gone() { ! redis_pid >/dev/null; }

case "$command" in
    start) start ;;
    stop) stop ;;
    remove)
        stop
        if [ -f "$dir/state.path" ]; then rm -rf "$(cat "$dir/state.path")"; fi
        rm -rf "$dir"
        ;;
    *) fail "usage: services.sh start|stop|remove [DIR] [redis] [postgres]" ;;
esac
