#!/usr/bin/env bash
# `make coverage`: the lines that native tests run. Fails below 90 % of cache-logic, and below 80 %
# of limits, of the gateway and of verification; tests/dev/src/coverage.rs says which files these
# are.
#
# The crates of the workspace alone are instrumented, so all others are those of `make test`. The
# model check is left out: it takes minutes and runs hardly a line that the others don't.
#
# Environment: COVERAGE_REQUIRED. With it a missing tool is a failure, as in CI.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
ensure_rust

tools=$(rustc --print target-libdir)/../bin
if [ ! -x "$tools/llvm-cov" ] && have rustup; then
    say "adding the Rust component llvm-tools"
    rustup component add llvm-tools || true
fi
if [ ! -x "$tools/llvm-cov" ]; then
    missing="llvm-cov is missing, which must be that of rustc: rustup component add llvm-tools"
    [ -z "${COVERAGE_REQUIRED:-}" ] || fail "$missing"
    say "not measured: $missing"
    exit 0
fi

work=$PWD/${CARGO_TARGET_DIR:-target}/coverage
case "${CARGO_TARGET_DIR:-}" in /*) work=$CARGO_TARGET_DIR/coverage ;; esac
rm -rf "$work"
mkdir -p "$work"
build_dev
tests=(cargo test -p cache-logic -p commerce -p edge -p payments --lib)
for file in shared/{cache-logic,commerce,edge,payments}/tests/*; do
    name=$(basename "$file" .rs)
    if [ "$name" != model ] && [ -e "$file" ]; then tests+=(--test "$name"); fi
done
# Cargo keeps what a wrapper has made apart from what it hasn't.
export RUSTC_WORKSPACE_WRAPPER=$PWD/scripts/instrumented.sh LLVM_PROFILE_FILE=$work/%p-%m.profraw
"${tests[@]}" --no-run --message-format=json >"$work/built.json"
"${tests[@]}" -q

objects=()
while read -r binary; do objects+=(--object "$binary"); done \
    < <(sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' "$work/built.json")
"$tools/llvm-profdata" merge -sparse "$work"/*.profraw -o "$work/all.profdata"
"$tools/llvm-cov" export --format=lcov --instr-profile "$work/all.profdata" "${objects[@]}" >"$work/all.lcov"
"$dev_program" coverage "$work/all.lcov"
