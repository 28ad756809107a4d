#!/usr/bin/env bash
# `make up`: services, schema, data, components, server; everything stops with it.
#
# Environment: PORT (3000), SEED_ORDERS (10000), CACHE_TTL_SECONDS (of every view without a lifetime
# of its own), REDIS_URL and DATABASE_URL (private servers in .run if they aren't given).
# Variables of spin.toml can be set as SPIN_VARIABLE_<NAME>.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

run=.run
port=${PORT:-3000}
base=http://127.0.0.1:$port

providers="" refresher=""
stop_all() {
    stop_job
    job=$refresher
    stop_job
    job=$providers
    stop_job
    scripts/services.sh stop $run
    rm -f $run/up.pid
    say "stopped"
}

if [ -f $run/up.pid ] && kill -0 "$(cat $run/up.pid)" 2>/dev/null; then
    fail "make up runs already (process $(cat $run/up.pid)): stop it first, or use another checkout"
fi
if port_taken "$port"; then fail "port $port is taken: stop what listens there, or choose another: make up PORT=3001"; fi
mkdir -p $run
echo $$ >$run/up.pid
at_end stop_all

# Services.
wanted=""
[ -n "${REDIS_URL:-}" ] || wanted="$wanted redis"
[ -n "${DATABASE_URL:-}" ] || wanted="$wanted postgres"
if [ -n "$wanted" ]; then
    say "starting private services:$wanted"
    # shellcheck disable=SC2086 # a list
    scripts/services.sh start $run $wanted
    . $run/services.env
fi
postgres_bin >/dev/null || have psql || install postgres # psql
have openssl || install openssl
PATH=$(postgres_bin || true):$PATH
export PATH REDIS_URL DATABASE_URL
sql() { psql -X -q -v ON_ERROR_STOP=1 -At "$DATABASE_URL" "$@"; }

# Schema and data.
step cargo run -q -p database -- migrate
if [ -z "$(sql -c 'SELECT 1 FROM orders LIMIT 1')" ]; then
    say "seeding ${SEED_ORDERS:-10000} orders"
    sql -v seed_orders="${SEED_ORDERS:-10000}" -f database/seed.sql >/dev/null
fi
# One database serves one Redis and says which; a private one may be given another.
case "$wanted" in *postgres*)
    served="$REDIS_URL ${SPIN_VARIABLE_KEY_PREFIX:-}"
    if [ "$(cat $run/served 2>/dev/null)" != "$served" ]; then
        sql -c 'UPDATE cache_state SET cache = NULL, run_id = NULL, epoch = gen_random_uuid()'
        echo "$served" >$run/served
    fi
    ;;
esac

# Programs.
spin=${SPIN_BIN:-$(command -v spin || true)}
spin_version() { "$spin" --version 2>/dev/null | sed -n 's/^spin \([0-9]*\)\.\([0-9]*\).*/\1 \2/p'; }
if [ -n "$spin" ] && spin_version | { read -r major minor && [ "$((major * 1000 + minor))" -ge 4001 ]; }; then
    server=("$spin")
    step scripts/build.sh components
else
    [ -z "$spin" ] || say "$spin is older than 4.1, which the components need: serving with the host instead"
    server=(target/host/edge-host)
    step scripts/build.sh
fi

step cargo build -q -p standin

# Keys, tokens and .run/env.
if [ ! -f $run/keys.json ]; then
    key=$(openssl rand 32 | openssl base64 -A | tr '+/' '-_' | tr -d '=')
    (umask 077 && echo "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"dev\",\"alg\":\"HS256\",\"k\":\"$key\"}]}" >$run/keys.json)
fi
# An order with a shipment and an invoice if there is one; a single seeded order has still to be
# paid.
first_order="FROM orders o JOIN organizations g ON g.id = o.organization_id
             WHERE o.deleted_at IS NULL
             ORDER BY (EXISTS (SELECT FROM shipments s WHERE s.order_id = o.id)
                   AND EXISTS (SELECT FROM invoices i WHERE i.order_id = o.id)) DESC, g.id, o.id LIMIT 1"
IFS='|' read -r org customer order <<<"$(sql -c "SELECT o.organization_id, o.customer_id, o.id $first_order")"
[ -n "$order" ] || fail "the database has no order to show"
IFS='|' read -r product sku price_currency checkout <<<"$(sql -c "
    SELECT id, sku, currency, gen_random_uuid() FROM products WHERE organization_id = '$org' AND deleted_at IS NULL
    ORDER BY schema_id IS NULL, sku DESC, currency LIMIT 1")"
. scripts/payments.sh
month=2592000
token() { TTL=$month SCOPE="" CUSTOMER="" ORG=$org env "$@" scripts/token.sh $run; }
service_token=$(token ROLE=service)
(
    umask 077
    cat >$run/env.new <<ENV
E2E_BASE_URL=$base
REDIS_URL=$REDIS_URL
DATABASE_URL=$DATABASE_URL
E2E_ORG=$org
E2E_CUSTOMER=$customer
E2E_ORDER=$order
E2E_PRODUCT=$product
E2E_TOKEN=$service_token
E2E_OPERATOR_TOKEN=$(token ROLE=operator)
E2E_CUSTOMER_TOKEN=$(token ROLE=customer CUSTOMER="$customer")
E2E_UNPAID_ORDER=$unpaid
STANDIN_URL=$standin
$(for name in $(grep -o '^[A-Z_]*' $run/payments.env); do echo "$name=${!name}"; done)
JWT_KEYS='$(cat $run/keys.json)'
ENV
)
mv $run/env.new $run/env

# Serving.
export SPIN_VARIABLE_REDIS_URL=$REDIS_URL SPIN_VARIABLE_DATABASE_URL=$DATABASE_URL
if [ -n "${CACHE_TTL_SECONDS:-}" ]; then export SPIN_VARIABLE_CACHE_TTL_SECONDS=$CACHE_TTL_SECONDS; fi
SPIN_VARIABLE_DATABASE_HOST=$(sed -E 's|^[a-z]+://([^@/]*@)?([^/?]*).*|\2|' <<<"$DATABASE_URL")
SPIN_VARIABLE_JWT_KEYS=$(cat $run/keys.json)
export SPIN_VARIABLE_DATABASE_HOST SPIN_VARIABLE_JWT_KEYS
# Jobs that are due are called here; empty: by nobody.
export SPIN_VARIABLE_JOBS_URL=${SPIN_VARIABLE_JOBS_URL-$base}
# In a table, which is faster than the environment: scripts/variables.sh says why.
(umask 077 && scripts/variables.sh >$run/variables.toml)
# Beside the app, messages that refresh the cache. Its trigger ends when Redis goes away.
export SPIN_VARIABLE_REDIS_SUBSCRIBE_URL=${SPIN_VARIABLE_REDIS_SUBSCRIBE_URL-$REDIS_URL}
start_again() { while true; do
    "$@" || true
    sleep 1
done; }
in_group start_again "${server[@]}" up --from functions/cache-refresh/spin.toml >$run/refresh.log 2>&1
refresher=$job
server+=(up --from spin.toml --listen "127.0.0.1:$port" --variable "@$run/variables.toml")

healthy() {
    local status
    kill -0 "$job" 2>/dev/null || fail "the server ended at once: $(tail -n 20 $run/server.log)"
    status=$(
        exec 2>/dev/null 3<>"/dev/tcp/127.0.0.1/$port" &&
            printf 'GET /api/v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n' >&3 &&
            read -r -t 5 _ status _ <&3 && echo "$status"
    ) || return 1
    [ "$status" = 200 ]
}
if port_taken "$port"; then fail "port $port was taken meanwhile: make up PORT=3001"; fi
say "starting ${server[*]}"
in_group "${server[@]}" >$run/server.log 2>&1
wait_until 120 "no answer from $base/api/v1/health within two minutes; see $run/server.log" healthy

cat <<BANNER

  API       $base/api/v1   (stops with Ctrl-C)
  Console   $base/console   (log in with the token that make token ROLE=operator prints)
  Payments  $standin plays PayPal and Stripe
  Redis     $REDIS_URL
  Postgres  $DATABASE_URL
  Settings  $run/env         Log  $run/server.log
  Jobs      ${SPIN_VARIABLE_JOBS_URL:+by themselves, at }${SPIN_VARIABLE_JOBS_URL:-off}   (curl -H "Authorization: Bearer \$E2E_OPERATOR_TOKEN" $base/api/v1/jobs)

  TOKEN=$service_token
  curl -i -H "Authorization: Bearer \$TOKEN" $base/api/v1/orders/$order
  curl -i -H "Authorization: Bearer \$TOKEN" "$base/api/v1/orders?status=shipped&limit=5"
  curl -i -H "Authorization: Bearer \$TOKEN" "$base/api/v1/orders/search?q=ana"
  curl -i -H "Authorization: Bearer \$TOKEN" $base/api/v1/orders/stats
  curl -i -H "Authorization: Bearer \$TOKEN" "$base/api/v1/customers/$customer/orders?page=1&size=5"
  curl -i -H "Authorization: Bearer \$TOKEN" $base/api/v1/customers/$customer
  curl -i -H "Authorization: Bearer \$TOKEN" "$base/api/v1/customers?email=a&limit=5"
  curl -i -H "Authorization: Bearer \$TOKEN" -H "Content-Type: application/json" -d '{"ids":["$order"]}' $base/api/v1/orders/summaries
  curl -i -H "Authorization: Bearer \$TOKEN" $base/api/v1/orders/$order/invoice
  curl $base/api/v1/health/cache
  curl $base/metrics
  curl -i -X PATCH -H "Authorization: Bearer \$TOKEN" -H "Content-Type: application/json" \\
       -d '{"notes":"ring twice"}' $base/api/v1/orders/$order
  curl -i -H "Authorization: Bearer \$TOKEN" -H "Content-Type: application/json" -H "Idempotency-Key: $(random 8)" \\
       -d '{"carrier":"DHL"}' $base/api/v1/orders/$order/shipments

  curl -i -H "Authorization: Bearer \$TOKEN" "$base/api/v1/products?search=ja&sort=price&order=asc&limit=5"
  curl -i -H "Authorization: Bearer \$TOKEN" $base/api/v1/products/$product
  curl -i -H "Authorization: Bearer \$TOKEN" $base/api/v1/products/$product/details
  curl -i -X PATCH -H "Authorization: Bearer \$TOKEN" -H "Content-Type: application/json" \\
       -d '{"price":"12"}' $base/api/v1/products/$product
  curl -i -X POST -H "Authorization: Bearer \$TOKEN" -H "Content-Type: application/json" -H "Idempotency-Key: $(random 8)" \\
       -d '{"sku":"MUG-01","name":"Enamel mug","currency":"EUR","price":"9.90"}' $base/api/v1/products
  curl -i -H "Authorization: Bearer \$TOKEN" "$base/api/v1/organizations/$org/products?limit=5"
  curl -i -H "Authorization: Bearer \$TOKEN" $base/api/v1/schemas
  curl -i -H "Authorization: Bearer \$TOKEN" $base/api/v1/lookups/currencies
  curl -i -H "Authorization: Bearer \$TOKEN" -H "Content-Type: application/json" \\
       -d '{"language":"ro"}' $base/api/v1/sessions
  curl -i -H "Authorization: Bearer \$TOKEN" $base/api/v1/stock/holds   # with SPIN_VARIABLE_INVENTORY_MODE=service

  A shopper without an account; its token is the way to the cart, the order, the payment and back:
  curl -i -H "Content-Type: application/json" $base/api/v1/guest/checkouts \\
       -d '{"organizationId":"$org","customer":{"name":"Ana Pop","email":"ana@example.com","address":{"line1":"Strada Lunga 5","city":"Brasov","country":"RO"}}}'
  curl -i -X PUT -H "Authorization: Guest THE-TOKEN" -H "Content-Type: application/json" $base/api/v1/guest/cart \\
       -d '{"customerId":"THE-CUSTOMER","currency":"$price_currency","items":[{"sku":"$sku","quantity":1}]}'
  curl -i -X POST -H "Authorization: Guest THE-TOKEN" $base/api/v1/guest/order

  A cart of the user-service, which the stand-in plays, becomes a checkout session:
  curl $standin/standin/cart -d '{"userId":"$customer","cart":{"currency":"$price_currency","items":[{"sku":"$sku","quantity":1}]}}'
  curl -i -X POST -H "Authorization: Bearer \$TOKEN" -H "Content-Type: application/json" \\
       -d '{"userId":"$customer"}' $base/api/v1/checkout/sessions/$checkout/cart

BANNER
if [ -n "$unpaid" ]; then
    cat <<BANNER
  An event that Stripe signed pays order $unpaid ($total $currency):
  . $run/env; T=\$(date +%s); BODY='{"id":"evt_$(random 8)","object":"event","type":"payment_intent.succeeded","created":'\$T',"livemode":false,"data":{"object":{"id":"pi_$(random 8)","object":"payment_intent","amount":$cents,"amount_received":$cents,"currency":"$(tr '[:upper:]' '[:lower:]' <<<"$currency")","status":"succeeded","metadata":{"order_id":"$unpaid"}}}}'
  curl -i -X POST -H "Content-Type: application/json" -d "\$BODY" $base/api/v1/webhooks/stripe \\
       -H "Stripe-Signature: t=\$T,v1=\$(printf %s "\$T.\$BODY" | openssl dgst -sha256 -hmac "\$STRIPE_WEBHOOK_SECRET" -r | cut -d ' ' -f 1)"
  or the shopper pays at PayPal, which sends its event by itself:
  curl -i $standin/standin/pay -d '{"provider":"paypal","order":"$unpaid","amount":"$total","currency":"$currency"}'
  or through a session, whose redirectUrl shows a page with a button:
  curl -i -X POST -H "Authorization: Bearer \$TOKEN" -H "Content-Type: application/json" -H "Idempotency-Key: $(random 8)" \\
       -d '{"orderId":"$unpaid","paymentGateway":"paypal","returnUrl":"$base/"}' $base/api/v1/payments/sessions
  and it is paid:
  curl -i -H "Authorization: Bearer \$TOKEN" $base/api/v1/orders/$unpaid/payment-status
  and its invoice is issued:
  curl -i -X POST -H "Authorization: Bearer \$TOKEN" -H "Content-Type: application/json" \\
       -d '{"ronRate":"4.9766"}' $base/api/v1/orders/$unpaid/invoice

BANNER
fi
wait "$job" && status=0 || status=$?
fail "the server ended by itself (status $status): $(tail -n 20 $run/server.log)"
