#!/usr/bin/env bash
# Formatting, generated files, clippy on both targets, and the drift check; stops at the first that
# fails.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
ensure_rust

# The components and their crates are native, too, for their tests.
components=$(component_flags)
say "cargo fmt --check"
cargo fmt --all --check
cargo fmt --manifest-path examples/todo/Cargo.toml --check
say "generated files"
cargo run -q -p dev -- generate --check
say "alerts and their tests"
have promtool || install prometheus
promtool check config --syntax-only monitoring/prometheus.yaml
promtool check rules monitoring/rules.yaml monitoring/alerts.yaml
promtool test rules monitoring/tests/*.yaml
say "clippy, native"
cargo clippy --workspace --all-targets -- -D warnings
say "clippy, wasm32-wasip2"
# shellcheck disable=SC2086
cargo clippy --target wasm32-wasip2 $components -p cache-spin -p contract-component -- -D warnings
cargo clippy --target wasm32-wasip2 -p cache-spin --all-features -- -D warnings
# With the workspace's debug information, so that what both take is checked once.
CARGO_PROFILE_DEV_DEBUG=line-tables-only \
    cargo clippy --manifest-path examples/todo/Cargo.toml --target-dir target --target wasm32-wasip2 -- -D warnings
say "cache-logic, each feature alone"
scripts/features.sh
say "cargo package"
cargo package -q --no-verify --allow-dirty -p cache-logic -p cache-spin
say "drift-check"
cargo run -q -p drift-check
