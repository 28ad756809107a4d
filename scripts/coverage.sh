#!/usr/bin/env bash
# `make coverage`: the lines that native tests run. Fails below 90 % of cache-logic by its own
# tests, and below 80 % of the guards of payments: limits, gateway, verification.
#
# The model check is left out: it takes minutes and runs no line that the others don't. The contract
# is a suite itself and also runs on Redis (`tests/contract`), which is not seen here, so its lines
# aren't counted.
#
# Of payments every line outside of tests counts, by file. Code that needs Redis, Postgres or Spin
# runs as WASM in `tests/e2e`, which counts no lines. Those files are listed with none, and aren't
# part of the three.
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

lines="$CARGO_TARGET_DIR/payments.lcov"
cargo llvm-cov --package commerce --package cache-logic --package payments --package webhook-dedup --package payment-session --tests --lcov --output-path "$lines" \
    -- --skip no_read --skip every_guard
awk -v root="$PWD/" '
    # The part that a file belongs to; the last word says whether it counts.
    function part(file) {
        if (file ~ /^shared\/(cache-logic\/src\/kit\/limit\/decision|commerce\/src\/client_address)\.rs$/) return "limits counted"
        if (file ~ /^shared\/commerce\/src\/gateway\// || file ~ /payments\/(gateway|upstream|client)\.rs$/) return "gateway counted"
        if (file ~ /^shared\/commerce\/src\/webhook\/(paypal\/|stripe|standard|headers|mac|certificates|reason)/) return "verification counted"
        if (file ~ /payments\/(limits|guesses|address|state)\.rs$/) return "limits elsewhere"
        if (file ~ /payments\/(verification|certificates)\.rs$/) return "verification elsewhere"
        return ""
    }
    # Tests at the end of a file are none of its lines.
    function end_of_code(file,    line, at, end) {
        at = 0
        end = 1e9
        while ((getline line < (root file)) > 0) {
            at++
            if (line ~ /^mod tests \{/) end = at
        }
        close(root file)
        return end
    }
    /^SF:/ {
        file = substr($0, 4); sub(root, "", file)
        of = file ~ /\/tests\.rs$|\/tests\// ? "" : part(file)
        last = of == "" ? 0 : end_of_code(file)
        if (of != "") files[of] = files[of] " " file
    }
    /^DA:/ && of != "" {
        split(substr($0, 4), at, ",")
        if (at[1] < last) { all[file]++; run[file] += at[2] > 0; total[of]++; done[of] += at[2] > 0 }
    }
    END {
        split("limits gateway verification", names, " ")
        for (n = 1; n <= 3; n++) {
            of = names[n] " counted"
            share = total[of] ? 100 * done[of] / total[of] : 0
            printf "%s: %d of %d lines, %.1f %%\n", names[n], done[of], total[of], share
            count = split(files[of], list, " ")
            for (i = 1; i <= count; i++) printf "    %-64s %4d of %4d\n", list[i], run[list[i]], all[list[i]]
            count = split(files[names[n] " elsewhere"], list, " ")
            for (i = 1; i <= count; i++) printf "    %-64s as WASM, in tests/e2e\n", list[i]
            if (share < 80) bad = 1
        }
        if (bad) print "fewer than 80 % of the lines are run"
        exit bad
    }' "$lines"
