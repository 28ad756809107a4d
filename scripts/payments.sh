# Sourced by up.sh: a stand-in plays PayPal and Stripe, unless a variable of spin.toml names another
# provider. Its names and secrets stay the same in .run. Sets `standin`, its address, and `unpaid`,
# `total`, `cents` and `currency` of an order to be paid.

random() { openssl rand -hex "$1"; }
if [ ! -f $run/payments.env ]; then
    (
        umask 077
        cat >$run/payments.env.new <<ENV
PAYPAL_CLIENT_ID=A$(random 20)
PAYPAL_CLIENT_SECRET=E$(random 20)
PAYPAL_ACCOUNT=MERCHANT$(random 4)
PAYPAL_WEBHOOK_ID=WH$(random 7)
STRIPE_API_KEY=sk_test_$(random 12)
STRIPE_ACCOUNT=acct_$(random 8)
STRIPE_WEBHOOK_SECRET=whsec_$(random 16)
USER_SERVICE_SECRET=whsec_$(random 16)
PRODUCT_SERVICE_SECRET=whsec_$(random 16)
HMAC_KEY=$(random 32)
ENV
    )
    mv $run/payments.env.new $run/payments.env
fi
set -a
. $run/payments.env
# A value that is given as a variable of spin.toml counts here, too.
PAYPAL_CLIENT_ID=${SPIN_VARIABLE_PAYPAL_CLIENT_ID:-$PAYPAL_CLIENT_ID}
PAYPAL_CLIENT_SECRET=${SPIN_VARIABLE_PAYPAL_CLIENT_SECRET:-$PAYPAL_CLIENT_SECRET}
PAYPAL_ACCOUNT=${SPIN_VARIABLE_PAYPAL_ACCOUNT:-$PAYPAL_ACCOUNT}
PAYPAL_WEBHOOK_ID=${SPIN_VARIABLE_PAYPAL_WEBHOOK_ID:-$PAYPAL_WEBHOOK_ID}
STRIPE_API_KEY=${SPIN_VARIABLE_STRIPE_API_KEY:-$STRIPE_API_KEY}
STRIPE_ACCOUNT=${SPIN_VARIABLE_STRIPE_ACCOUNT:-$STRIPE_ACCOUNT}
STRIPE_WEBHOOK_SECRET=${SPIN_VARIABLE_STRIPE_WEBHOOK_SECRETS:-$STRIPE_WEBHOOK_SECRET}
STRIPE_WEBHOOK_SECRET=${STRIPE_WEBHOOK_SECRET%% *} # several while one is being replaced
USER_SERVICE_SECRET=${SPIN_VARIABLE_USER_SERVICE_SECRET:-${USER_SERVICE_SECRET:-whsec_$(random 16)}}
PRODUCT_SERVICE_SECRET=${SPIN_VARIABLE_PRODUCT_SERVICE_SECRET:-${PRODUCT_SERVICE_SECRET:-whsec_$(random 16)}}
set +a
standin_port=$(free_port)
standin=http://127.0.0.1:$standin_port
rm -f $run/anchors.pem
WEBHOOKS_TO=$base in_group target/debug/standin "127.0.0.1:$standin_port" $run/anchors.pem >$run/standin.log 2>&1
providers=$job
job=""
wait_until 30 "the stand-in for the payment providers didn't start; see $run/standin.log" test -f $run/anchors.pem
sql <<SQL
INSERT INTO provider_accounts (provider, account, organization_id)
VALUES ('paypal', '$PAYPAL_ACCOUNT', '$org'), ('stripe', '$STRIPE_ACCOUNT', '$org')
ON CONFLICT (provider, account) DO NOTHING
SQL
IFS='|' read -r unpaid total cents currency <<<"$(sql -c "
    SELECT o.id, o.total_amount::numeric(15, 2), (o.total_amount * 100)::bigint, o.currency FROM orders o
    WHERE o.organization_id = '$org' AND o.status = 'pending' AND o.payment_status = 'unpaid' AND o.deleted_at IS NULL
        AND o.currency IN ('EUR', 'RON', 'USD') AND NOT EXISTS (SELECT FROM payment_objects b WHERE b.order_id = o.id)
    ORDER BY o.id LIMIT 1")"
variable() { # NAME VALUE: a variable of spin.toml that the environment doesn't set
    local name=SPIN_VARIABLE_$1
    [ -n "${!name+set}" ] || export "$name=$2"
}
variable PAYPAL_API_URL $standin
variable PAYPAL_CLIENT_ID "$PAYPAL_CLIENT_ID"
variable PAYPAL_CLIENT_SECRET "$PAYPAL_CLIENT_SECRET"
variable PAYPAL_ACCOUNT "$PAYPAL_ACCOUNT"
variable PAYPAL_WEBHOOK_ID "$PAYPAL_WEBHOOK_ID"
variable PAYPAL_CERTIFICATE_URL $standin/v1/notifications/certs/
variable PAYPAL_CERTIFICATE_HOST $standin
variable PAYPAL_TRUST_ANCHORS "$(cat $run/anchors.pem)"
variable STRIPE_API_URL $standin
variable STRIPE_API_KEY "$STRIPE_API_KEY"
variable STRIPE_ACCOUNT "$STRIPE_ACCOUNT"
variable STRIPE_WEBHOOK_SECRETS "$STRIPE_WEBHOOK_SECRET"
variable USER_SERVICE_URL $standin
variable USER_SERVICE_PATH /users/cart
variable USER_SERVICE_SECRET "$USER_SERVICE_SECRET"
variable PRODUCT_SERVICE_URL $standin
variable PRODUCT_SERVICE_PATH /stock/holds
variable PRODUCT_SERVICE_SECRET "$PRODUCT_SERVICE_SECRET"
# The second is the shop of the examples in openapi.yaml.
variable PAYMENT_RETURN_URLS "$base/ https://shop.example/"
variable HMAC_KEY "$HMAC_KEY"
