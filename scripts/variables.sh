#!/usr/bin/env bash
# Prints every variable of spin.toml with its value as a TOML table, for `spin up --variable
# @FILE.toml`. The value is SPIN_VARIABLE_<NAME> if that is set, else the default.
#
# Spin looks up every variable of the app whenever it starts an instance, which is every 128
# requests. In the environment each lookup is a switch of threads, in a table none.
# docs/performance.md has the share of the throughput.
#
# Variables that .env sets are left out, and so are values that can't stand between ''' in TOML.
# Spin looks those up itself.
set -euo pipefail
cd "$(dirname "$0")/.."

declared=$(sed -nE 's/^([a-z0-9_]+) = \{ default = ("[^"]*").*/\1 \2/p' spin.toml)
while read -r name default; do
    variable=SPIN_VARIABLE_$(tr '[:lower:]' '[:upper:]' <<<"$name")
    if [ -n "${!variable+set}" ]; then
        # The value begins behind the first line break, to the letter.
        case ${!variable} in *"'''"* | *"'") ;; *) printf "%s = '''\n%s'''\n" "$name" "${!variable}" ;; esac
    elif ! grep -Eqs "^[[:space:]]*(export[[:space:]]+)?$variable[[:space:]]*=" .env; then
        echo "$name = $default"
    fi
done <<<"$declared"
