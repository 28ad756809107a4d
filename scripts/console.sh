#!/usr/bin/env bash
# `make console`: builds functions/console/dist of functions/console/web, after its unit tests. The
# built files are committed, so only who changes the console needs Node.
set -euo pipefail
cd "$(dirname "$0")/../functions/console/web"
. ../../../scripts/lib.sh

have npm || install npm
say "fetching the pinned packages"
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
say "testing and building the console"
node --test src/
npm run --silent build
