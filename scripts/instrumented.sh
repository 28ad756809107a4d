#!/usr/bin/env bash
# A compiler for cargo (RUSTC_WORKSPACE_WRAPPER) whose programs count the lines that they run.
exec "$@" -C instrument-coverage
