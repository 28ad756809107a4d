#!/usr/bin/env bash
# `make test-console`: the console and the first page in Chromium, over WebDriver, with services of
# its own. With PICTURES=1 the pictures in docs/console are made anew. It isn't part of `make test`,
# since Chromium and its fonts are half a gigabyte.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

run=.run/browser
stop_all() {
    stop_job
    scripts/services.sh stop $run
}
at_end stop_all

have chromedriver || install chromium
scripts/console.sh
git diff --exit-code --stat -- functions/console/dist || fail "the built files were others: commit them"
scripts/services.sh start $run
set -a
. $run/services.env
set +a
PATH=$POSTGRES_BIN:$PATH
step scripts/build.sh
if [ -n "${PICTURES:-}" ]; then export CONSOLE_PICTURES=$PWD/docs/console; fi
step cargo test --no-fail-fast -p browser-tests --features chromium -- --test-threads 1
