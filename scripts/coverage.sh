#!/usr/bin/env bash
# `make coverage`: which lines of cache-logic its own tests run; fails below 90 %.
#
# The model check is left out: it takes minutes and runs no line that the others don't. The contract is a suite itself, and runs on
# Redis too (`tests/contract`), which is not seen here: its lines aren't counted.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
ensure_rust

if ! cargo llvm-cov --version >/dev/null 2>&1; then
    say "not measured: cargo-llvm-cov is missing (cargo install cargo-llvm-cov && rustup component add llvm-tools)"
    exit 0
fi
export CARGO_TARGET_DIR="${COVERAGE_TARGET_DIR:-$PWD/target/coverage}"
cargo llvm-cov --package cache-logic --tests --ignore-filename-regex 'contract(/|\.rs)' --fail-under-lines 90 \
    -- --skip no_read --skip every_guard
