#!/usr/bin/env bash
# Prints a bearer token signed with the development key of `make up`.
#
#   ROLE=customer CUSTOMER=uuid ORG=uuid SCOPE="orders:price" TTL=3600 scripts/token.sh [DIR]
#
# DIR/keys.json (default .run) is the JWK Set with the key. ORG is the first seeded organisation if
# it isn't given. A negative TTL gives a token that has expired.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
dev token "${1:-.run}"
