#!/usr/bin/env bash
# Prints a bearer token signed with the development key of `make up`.
#
#   ROLE=customer CUSTOMER=uuid ORG=uuid SCOPE="orders:price" TTL=3600 scripts/token.sh [DIR]
#
# DIR/keys.json (default .run) is the JWK Set with the key; ORG is the first seeded organisation where it isn't given.
# A negative TTL gives a token that has expired.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

dir=${1:-.run}
role=${ROLE:-service}
customer=${CUSTOMER:-}
org=${ORG:-}
[ -f "$dir/keys.json" ] || fail "there is no $dir/keys.json: run make up first"
if [ -z "$org" ] && [ -f "$dir/env" ]; then org=$(sed -n 's/^E2E_ORG=//p' "$dir/env"); fi
[ -n "$org" ] || fail "ORG= is needed: the organisation's uuid"
case "$role" in
    service | operator) ;;
    customer) [ -n "$customer" ] || fail "ROLE=customer needs CUSTOMER=: the customer's uuid" ;;
    *) fail "ROLE must be service, customer or operator, not '$role'" ;;
esac
case "$org$customer${SCOPE:-}" in *[\"\\]*) fail "quotes and backslashes don't belong in ORG, CUSTOMER or SCOPE" ;; esac

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

now=$(date +%s)
header='{"alg":"HS256","typ":"JWT","kid":"dev"}'
claims="{\"iss\":\"edge-orders\",\"sub\":\"dev-$role\",\"iat\":$now,\"exp\":$((now + ${TTL:-86400})),\"org\":\"$org\",\"role\":\"$role\""
if [ -n "$customer" ]; then claims="$claims,\"customer\":\"$customer\""; fi
claims="$claims,\"scope\":\"${SCOPE:-}\"}"

# The key as hexadecimal digits, which is how openssl takes one that holds any byte.
key=$(sed -n 's/.*"k":"\([^"]*\)".*/\1/p' "$dir/keys.json" | tr -- '-_' '+/')
while [ $((${#key} % 4)) != 0 ]; do key="$key="; done
key=$(printf '%s' "$key" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')

signed=$(printf '%s' "$header" | base64url).$(printf '%s' "$claims" | base64url)
signature=$(printf '%s' "$signed" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64url)
echo "$signed.$signature"
