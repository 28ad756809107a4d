#!/usr/bin/env bash
# `make bench`: builds and starts the servers, measures, prints one table, and writes
# .run/bench/results.json.
#
# Environment: BENCH_ONLY (some of: throughput bulk polling stampede payments cold invalidation
# callers warming away). SPIN_BIN, or spin on the PATH, serves; without it the host of tests/host
# does, and the table says so.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

run=.run/bench
stop_all() {
    stop_job
    scripts/services.sh stop $run
}
at_end stop_all

have wrk || install wrk
say "starting private services"
scripts/services.sh start $run
set -a
. $run/services.env
set +a
PATH=$POSTGRES_BIN:$PATH

spin=${SPIN_BIN:-$(command -v spin || true)}
if [ -n "$spin" ]; then
    export E2E_RUNTIME=spin SPIN_BIN=$spin
    BENCH_RUNTIME=$("$spin" --version)
    step scripts/build.sh components
else
    unset E2E_RUNTIME
    BENCH_RUNTIME="the host of tests/host, not Spin"
    step scripts/build.sh
fi
export BENCH_RUNTIME
say "building the peers and the load"
step cargo build -q --release --target wasm32-wasip2 -p bench-floor -p bench-floor-sdk -p bench-hello
step cargo build -q --profile native -p bench-native
step cargo build -q -p bench

# With RUST_BACKTRACE errors would carry backtraces, which cost more than the requests. A thousand
# readers at once need a thousand sockets.
export RUST_BACKTRACE=0 E2E_SEED_ORDERS=${SEED_ORDERS:-10000}
ulimit -n "$(ulimit -Hn)" 2>/dev/null || true
say "measuring on $BENCH_RUNTIME"
step target/debug/bench
