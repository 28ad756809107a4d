#!/usr/bin/env bash
# Private Redis and Postgres servers for development and tests.
#
#   scripts/services.sh start [DIR] [redis] [postgres]   both, unless named
#   scripts/services.sh stop [DIR]
#   scripts/services.sh remove [DIR]                     stops them and deletes their data
#
# Installs missing programs by the system's package manager; the program `dev` does the rest. DIR
# (default .run) keeps the ports, the password and, if its owner can reach it, the data.
# DIR/services.env names the addresses. With SERVICES_IN_MEMORY=yes new servers keep their data in
# memory (/dev/shm), if there is enough; `remove` frees it.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

command=${1:-}
dir=${2:-.run}
case "$command" in
    start)
        wanted=${*:3}
        for service in ${wanted:-redis postgres}; do
            case "$service" in
                redis | postgres) ensure_service "$service" ;;
                *) fail "there is no service $service, only redis and postgres" ;;
            esac
        done
        # A server keeps every descriptor that it inherits, a caller's lock among them, for as long
        # as it runs.
        for fd in /dev/fd/*; do
            case "${fd##*/}" in 0 | 1 | 2 | 255) ;; *) eval "exec ${fd##*/}>&-" ;; esac
        done
        "$dev_program" services start "$dir" "${@:3}"
        ;;
    stop | remove)
        [ -d "$dir" ] || exit 0 # nothing was ever started there
        dev services "$command" "$dir"
        ;;
    *) fail "usage: services.sh start|stop|remove [DIR] [redis] [postgres]" ;;
esac
