#!/usr/bin/env bash
# Formatting, clippy on both targets, and the drift check; stops at the first that fails.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
ensure_rust

# The components are wasm only; spin-adapters is both.
components=$(component_flags)
say "cargo fmt --check"
cargo fmt --all --check
say "clippy, native"
# shellcheck disable=SC2046,SC2086 # lists
cargo clippy --workspace $(printf '%s' "$components" | sed 's/-p /--exclude /g') --all-targets -- -D warnings
say "clippy, wasm32-wasip2"
# shellcheck disable=SC2086
cargo clippy --target wasm32-wasip2 $components -p spin-adapters -p contract-component -- -D warnings
say "cache-logic, each feature alone"
scripts/features.sh
say "drift-check"
cargo run -q -p drift-check
