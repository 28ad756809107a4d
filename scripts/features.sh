#!/usr/bin/env bash
# Clippy over cache-logic with each of its features alone, and with none. A piece that silently
# needs another would break the build of an app that takes only one.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
ensure_rust

# The names in the table [features], but for `default`.
features=$(awk '/^\[/ { inside = $0 == "[features]" }
    inside && match($0, /^[a-z0-9-]+ = /) { name = substr($0, 1, RLENGTH - 3); if (name != "default") print name }' \
    shared/cache-logic/Cargo.toml)
[ -n "$features" ] || { echo "no features found in shared/cache-logic/Cargo.toml" >&2; exit 1; }
for feature in "" $features; do
    cargo clippy -q -p cache-logic --no-default-features ${feature:+--features "$feature"} -- -D warnings \
        || { echo "cache-logic does not compile with ${feature:-no feature} alone" >&2; exit 1; }
done
