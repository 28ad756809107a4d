#!/usr/bin/env bash
# Builds the components, and the host if no Spin can serve them.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
ensure_rust

say "building the components (wasm32-wasip2)"
# shellcheck disable=SC2046 # a list
cargo build --release --target wasm32-wasip2 $(component_flags)
if [ "${1:-host}" != components ]; then
    say "building the host; the first time takes some minutes"
    cargo build --profile host -p edge-host
fi
