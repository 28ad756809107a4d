#!/usr/bin/env bash
# Prints every variable of spin.toml with its value as a TOML table, for `spin up --variable
# @FILE.toml`: SPIN_VARIABLE_<NAME> where that is set, else the default.
#
# Spin looks up every variable of the app whenever it starts an instance, which is every 128
# requests. In the environment each is a switch of threads, in a table none; what that is of the
# throughput stands in docs/performance.md.
#
# Left out, and so to be looked up by Spin: what .env sets, and what can't stand between ''' in
# TOML.
set -euo pipefail
cd "$(dirname "$0")/.."

declared=$(sed -nE 's/^([a-z0-9_]+) = \{ default = ("[^"]*").*/\1 \2/p' spin.toml)
while read -r name default; do
    variable=SPIN_VARIABLE_$(tr '[:lower:]' '[:upper:]' <<<"$name")
    if [ -n "${!variable+set}" ]; then
        # What follows the first line break is the value, to the letter.
        case ${!variable} in *"'''"* | *"'") ;; *) printf "%s = '''\n%s'''\n" "$name" "${!variable}" ;; esac
    elif ! grep -Eqs "^[[:space:]]*(export[[:space:]]+)?$variable[[:space:]]*=" .env; then
        echo "$name = $default"
    fi
done <<<"$declared"
