#!/usr/bin/env bash
# Takes each guard of the cache protocol out of the real code and runs the model check, which must
# find the stale read. A mutant is a patch in shared/cache-logic/mutants; one that no longer applies
# is an error, so that none gets lost.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
have git || install git # it applies the patches
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The model prints its own trace, so no backtrace is needed.
export RUST_BACKTRACE=0
export CARGO_TARGET_DIR="${MUTANTS_TARGET_DIR:-$root/target/mutants}"

# The crate alone, in a workspace of its own.
mkdir -p "$work/shared"
sed 's|^members = .*|members = ["shared/cache-logic"]|' Cargo.toml >"$work/Cargo.toml"
cp Cargo.lock "$work/"

total=0 caught=0
for patch in shared/cache-logic/mutants/*.patch; do
    name=$(basename "$patch" .patch)
    total=$((total + 1))
    rm -rf "$work/shared/cache-logic"
    cp -r shared/cache-logic "$work/shared/cache-logic"
    git -C "$work" apply -C1 --unsafe-paths --directory="shared/cache-logic" "$root/$patch" \
        || { echo "$name: the patch no longer applies"; exit 1; }
    # The tests that explore the mutant's breach. A breach that depends on time is tried with a
    # clock that is moved.
    tests=model
    case "$name" in
        kept-*) claim=no_kept_value_is_older_than_an_acknowledged_write ;;
        parts-*) claim=no_page_whose_parts_stand_is_older_than_an_acknowledged_write ;;
        put-*) claim=no_read_is_older_than_what_was_written_through ;;
        server-*) claim=no_read_is_older_than_a_write_in_the_new_primary ;;
        run-*) claim=no_read_is_older_than_a_write_that_told_another_run ;;
        loads-*) tests=loads claim=no_shared_load_is_older_than_an_acknowledged_write ;;
        slow-*) tests=flows claim=no_renewal_however_slow_hides_a_change_that_redis_was_not_told_of ;;
        *) claim=no_read_is_older_than_an_acknowledged_write ;;
    esac
    started=$SECONDS
    if (cd "$work" && cargo test -q -p cache-logic --test "$tests" "$claim" -- --nocapture) >"$work/log" 2>&1; then
        echo "$name: NOT caught"
    elif grep -q 'stale after' "$work/log"; then
        caught=$((caught + 1))
        echo "$name: caught in $(sed -n '/stale after/,/^note/p' "$work/log" | grep -c '^  ') steps, $((SECONDS - started)) s"
    else
        echo "$name: did not run"
        tail -n 20 "$work/log"
    fi
done
echo "$caught of $total mutants caught"
[ "$caught" = "$total" ]
