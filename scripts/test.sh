#!/usr/bin/env bash
# `make test`: every test, from a fresh clone, with private services in .run/test that stop with it.
#
# The stores are in memory, if there is enough (tests/kit/src/services.rs). Environment:
# SERVICES_IN_MEMORY. Empty, it leaves new ones on disk, as `make test-long` does.
#
# With E2E_BASE_URL (and REDIS_URL, DATABASE_URL, E2E_TOKEN) the scenarios run against that server;
# with E2E_RUNTIME=spin, Spin.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

run=.run/test
export SERVICES_IN_MEMORY=${SERVICES_IN_MEMORY-yes}
summary=""
failed=0
unsteady=""

stop_all() {
    local dir how whole=""
    stop_job
    if [ "$failed" = 0 ] && [ -z "$unsteady" ]; then whole=${complete:-}; fi
    # Fault scenarios have services of their own below.
    for dir in "$run"/*/ "$run"; do
        [ -f "$dir/services.env" ] || continue
        how=stop
        # Memory is given back, unless something failed and is to be looked at.
        if [ -n "$whole" ] && grep -qs ^/dev/shm "$dir/state.path"; then how=remove; fi
        scripts/services.sh "$how" "$dir"
    done
    printf '\n%b' "$summary"
    if [ -n "$unsteady" ]; then echo "unsteady, to be mended: $unsteady"; fi
    if [ "$failed" = 0 ] && [ -n "${complete:-}" ]; then echo "all passed"; else echo "FAILED"; fi
}
at_end stop_all

# check NAME COMMAND...: goes on after a failure, so that one run shows all of them.
check() {
    local name=$1 started=$SECONDS result=ok
    shift
    say "$name"
    step "$@" || { result=FAILED && failed=1; }
    summary="$summary  $(printf '%-28s %-7s %4d s' "$name" "$result" $((SECONDS - started)))\n"
    [ "$result" = ok ]
}

# shellcheck disable=SC2086 # a list
tests() { cargo test --no-fail-fast $tested 2>&1 | tee "$run/tests.log"; }

failed_scenarios() { sed -n 's/^test \(.*\) \.\.\. FAILED$/\1/p' "$run/tests.log" | xargs; }

# Scenarios are about moments, and share two cores with the servers of all others. One that fails
# among them and passes alone is unsteady: the summary names it, and it is no failure. More than
# three, or one test of any other kind, are one.
alone() {
    local names
    [ "$(sed -n 's/^    `\(-p .*\)`$/\1/p' "$run/tests.log")" = "-p e2e --test it" ] || return 1
    names=$(failed_scenarios)
    [ "$(wc -w <<<"$names")" -le 3 ] || return 1
    # shellcheck disable=SC2086 # lists
    cargo test $tested --test it -- --exact --test-threads 1 $names
}

have prometheus || install prometheus # watches a server in a scenario
if [ -n "${EVERY_ALERT:-}" ]; then have prometheus-alertmanager || have alertmanager || install alertmanager; fi
if [ -n "${E2E_FAILOVERS:-}" ]; then
    PATH=$PATH:/usr/sbin # where Debian has haproxy
    have haproxy || install haproxy
fi
scripts/services.sh start $run
given_redis=${REDIS_URL:-} given_database=${DATABASE_URL:-}
set -a
. $run/services.env
set +a
PATH=$POSTGRES_BIN:$PATH

check "build" scripts/build.sh || exit 1
# One selection of packages, so that what they share is compiled once.
tested="-p cache-logic -p commerce -p cache-spin -p edge -p payments $(component_flags) -p kit -p dev -p drift-check -p standin"
tested="$tested -p database -p db-tests -p library-tests -p contract-tests"
# The scenarios may be about a server that has stores of its own.
if [ -z "${E2E_BASE_URL:-}" ]; then tested="$tested -p e2e"; fi
# shellcheck disable=SC2086 # a list
check "compiling the tests" cargo test --no-run $tested || exit 1
if ! check "tests" tests && check "what failed of them, alone" alone; then
    failed=0 unsteady=$(failed_scenarios)
fi
check "tests of the host" cargo test --no-fail-fast --profile host -p edge-host || true
if [ -n "${E2E_BASE_URL:-}" ]; then
    export REDIS_URL=$given_redis DATABASE_URL=$given_database
    check "end-to-end scenarios" cargo test --no-fail-fast -p e2e || true
fi
complete=yes
exit $failed
