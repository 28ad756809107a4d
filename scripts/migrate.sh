#!/usr/bin/env bash
# Brings a Postgres database up to date: scripts/migrate.sh [DATABASE_URL]. See database/README.md.
cd "$(dirname "$0")/.." && exec cargo run -q -p database -- migrate "$@"
