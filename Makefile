# make help lists what there is. Everything works from a fresh clone; what is missing is installed
# by the scripts, which say so.
SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help up migrate retire test test-long test-console console mutants coverage bench lint drift-check generate fmt token clean need-cargo

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: need-cargo ## run the API on 127.0.0.1:3000 (PORT=, SEED_ORDERS=, REDIS_URL=, DATABASE_URL=); Ctrl-C stops all of it
	@scripts/up.sh

migrate: need-cargo ## bring the schema of DATABASE_URL up to date
	@scripts/migrate.sh

retire: need-cargo ## say that the last component of every release before has ended (docs/releases.md)
	@cargo run -q -p database -- retire

test: need-cargo ## every test, with services of its own
	@scripts/test.sh

test-long: need-cargo ## the same with the long forms: minutes of faults under load, every kind of failover, a thousand deliveries under kills, ten thousand histories of payments, a thousand invoices at once, a hundred thousand events, every alert, every mutant
	@SERVICES_IN_MEMORY= E2E_MINUTES=10 E2E_FAILOVERS=all PAYMENTS_DELIVERIES=334 PAYMENTS_HISTORIES=10000 PAYMENTS_GROWN=3000000 INVOICES=1000 FEED_EVENTS=100000 EVERY_ALERT=1 scripts/test.sh
	@scripts/mutants.sh

test-console: need-cargo ## the console in Chromium: each task, accessibility, pictures for docs/ (needs Node; installs Chromium)
	@scripts/test-console.sh

console: ## build the console's files, functions/console/dist, of their sources (needs Node)
	@scripts/console.sh

mutants: need-cargo ## take each guard out of the cache protocol and see the model check find it (minutes)
	@scripts/mutants.sh

coverage: need-cargo ## lines of cache-logic, limits, gateway and verification that native tests run; fails if they are too few
	@scripts/coverage.sh

bench: need-cargo ## load and cost beside peers, in under ten minutes (BENCH_ONLY="throughput polling ...")
	@scripts/bench.sh

lint: need-cargo ## formatting, generated files, alerts, clippy on native and wasm, drift-check
	@scripts/lint.sh

drift-check: need-cargo ## the rules of docs/decisions/order-caching.md and the direction of dependencies
	@cargo run -q -p drift-check

generate: need-cargo ## write the files that are generated from others (openapi.yaml from openapi/)
	@cargo run -q -p dev -- generate

fmt: need-cargo ## format the code
	@cargo fmt --all

token: need-cargo ## print a token for the running `make up` (ROLE=service|customer|operator ORG= CUSTOMER= SCOPE= TTL=seconds)
	@scripts/token.sh .run

clean: ## stop and delete the private services and the build
	@scripts/services.sh remove .run/test
	@scripts/services.sh remove .run
	@rm -rf target

need-cargo:
	@command -v cargo >/dev/null || { echo "cargo is missing: install Rust by rustup, see https://rustup.rs" \
		"(or your system's package rustup), then open a new shell." >&2; exit 1; }
