use std::collections::VecDeque;

use commerce::gateway::{Method, RetryHints};
use commerce::money::Currency;
use commerce::webhook::event::ObjectKind;
use futures_util::FutureExt;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::config::tests::defaults;

type Outcome = Result<Answer, GatewayError>;

/// A wire that answers from a list, on a clock that moves only by calls and sleeps.
#[derive(Default)]
struct Script {
    answers: RefCell<VecDeque<(u64, Outcome)>>,
    sent: RefCell<Vec<(String, Request)>>,
    clock: Cell<u64>,
    slept: Cell<u64>,
}

impl Wire for Script {
    async fn send(&self, origin: &str, request: &Request, _: usize, limit: Duration) -> Outcome {
        self.sent.borrow_mut().push((origin.to_owned(), request.clone()));
        let (took, outcome) = self.answers.borrow_mut().pop_front().unwrap_or((0, AWAY));
        let limit = limit.as_millis() as u64;
        self.clock.set(self.clock.get() + took.min(limit));
        if took > limit { AWAY } else { outcome }
    }

    async fn sleep(&self, duration: Duration) {
        let millis = duration.as_millis() as u64;
        self.clock.set(self.clock.get() + millis);
        self.slept.set(self.slept.get() + millis);
    }

    fn now(&self) -> u64 {
        self.clock.get()
    }

    fn draw(&self) -> f64 {
        0.5
    }
}

const AWAY: Outcome = Err(GatewayError::Away { retry_after: None });

fn gateway() -> Gateway<Script> {
    let mut values = defaults();
    for (name, value) in [
        ("paypal_client_id", "client"),
        ("paypal_client_secret", "hidden"),
        ("paypal_account", "MERCHANT1"),
        ("paypal_webhook_id", "4JH86294D6297924G"),
        ("stripe_api_key", "sk_test_1"),
        ("stripe_account", "acct_1"),
    ] {
        values.insert(name, value.to_owned());
    }
    Gateway::over(Script::default(), &PaymentConfig::parse(&values).unwrap())
}

fn unconfigured() -> Gateway<Script> {
    Gateway::over(Script::default(), &PaymentConfig::parse(&defaults()).unwrap())
}

impl Gateway<Script> {
    fn answers(&self, answers: impl IntoIterator<Item = Outcome>) -> &Self {
        self.wire.answers.borrow_mut().extend(answers.into_iter().map(|answer| (1, answer)));
        self
    }

    fn sent(&self) -> Vec<String> {
        self.wire.sent.borrow().iter().map(|(_, request)| request.path.split('?').next().unwrap().to_owned()).collect()
    }

    fn count(&self) -> usize {
        self.wire.sent.borrow().len()
    }
}

fn with(status: u16, body: Value) -> Outcome {
    Ok(Answer { status, retry_after: None, hints: RetryHints::default(), body: body.to_string().into_bytes() })
}

fn asked_to_wait(status: u16, seconds: u32) -> Outcome {
    Ok(Answer { status, retry_after: Some(seconds), hints: RetryHints::default(), body: Vec::new() })
}

fn token() -> Outcome {
    with(200, json!({ "access_token": "A21", "expires_in": 32_400 }))
}

fn session() -> Outcome {
    with(200, json!({ "id": "cs_1", "url": "https://checkout.stripe.com/cs_1" }))
}

/// Every future of the script is ready at once.
#[track_caller]
fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("nothing waits for anything outside")
}

fn payment(gateway: Provider) -> NewPayment {
    NewPayment {
        session: Uuid::from_u128(2),
        order: Uuid::from_u128(1),
        amount: "237.75".into(),
        currency: Currency::parse("EUR").unwrap(),
        gateway,
        return_url: "https://shop.example/back".into(),
        cancel_url: "https://shop.example/cancel".into(),
        flow: Flow::Redirect,
    }
}

fn refund(gateway: Provider, payment: &str) -> NewRefund {
    NewRefund {
        gateway,
        payment: payment.into(),
        request: Uuid::from_u128(3),
        order: Uuid::from_u128(1),
        amount: "5.00".into(),
        currency: Currency::parse("EUR").unwrap(),
        note: None,
    }
}

fn named(kind: ResourceKind, id: &str) -> Resource {
    Resource { kind, id: id.into(), reversal: false }
}

fn money(value: &str) -> Value {
    json!({ "currency_code": "EUR", "value": value })
}

#[test]
fn a_payment_is_begun_at_its_provider_with_the_right_key() {
    let gateway = gateway();
    gateway.answers([session()]);
    assert_eq!(now(gateway.create(&payment(Provider::Stripe))).unwrap().external_id, "cs_1");
    let link = json!([{ "rel": "payer-action", "href": "https://www.paypal.com/checkoutnow?token=5O1" }]);
    gateway.answers([token(), with(201, json!({ "id": "5O1", "links": link }))]);
    assert_eq!(now(gateway.create(&payment(Provider::PayPal))).unwrap().external_id, "5O1");
    let sent = gateway.wire.sent.borrow();
    let authorization = |index: usize| {
        let (origin, request) = &sent[index];
        let header = request.headers.iter().find(|(name, _)| *name == "authorization").unwrap();
        (origin.as_str(), header.1.clone())
    };
    assert_eq!(authorization(0), ("https://api.stripe.com", "Bearer sk_test_1".into()));
    assert_eq!(authorization(1), ("https://api-m.sandbox.paypal.com", "Basic Y2xpZW50OmhpZGRlbg==".into()));
    assert_eq!(authorization(2), ("https://api-m.sandbox.paypal.com", "Bearer A21".into()));
}

#[test]
fn a_provider_that_isn_t_configured_is_not_called() {
    let gateway = unconfigured();
    let of = |variable| Some(GatewayError::Unconfigured { variable });
    assert_eq!(now(gateway.create(&payment(Provider::Stripe))).err(), of("stripe_api_key"));
    assert_eq!(now(gateway.create(&payment(Provider::PayPal))).err(), of("paypal_client_id"));
    assert_eq!(now(gateway.observe(&named(ResourceKind::Capture, "3C"))).err(), of("paypal_client_id"));
    assert_eq!(now(gateway.post_back(&Headers::default(), b"{}")).err(), of("paypal_webhook_id"));
    assert_eq!(now(gateway.events(Provider::Stripe, Moment(0), None)).err(), of("stripe_api_key"));
    assert_eq!(gateway.count(), 0);
}

#[test]
fn a_provider_that_was_away_is_asked_again_under_the_same_request_id() {
    let gateway = gateway();
    gateway.answers([AWAY, with(503, json!({})), session()]);
    assert!(now(gateway.create(&payment(Provider::Stripe))).is_ok());
    let sent = gateway.wire.sent.borrow();
    assert_eq!((sent.len(), &sent[0], &sent[1]), (3, &sent[1], &sent[2]));
    assert_eq!(gateway.wire.slept.get(), 50 + 100, "half of 100 ms, then half of 200 ms");
}

#[test]
fn a_no_is_not_asked_again() {
    let gateway = gateway();
    gateway.answers([with(402, json!({ "error": { "code": "card_declined" } })), session()]);
    let refused = GatewayError::Refused { reason: "card-declined".into(), field: None };
    assert_eq!(now(gateway.create(&payment(Provider::Stripe))), Err(refused));
    assert_eq!(gateway.count(), 1);
    assert!(now(gateway.create(&payment(Provider::Stripe))).is_ok(), "and it says nothing of the provider's health");
}

#[test]
fn a_provider_that_stays_away_is_left_alone_for_a_while() {
    let gateway = gateway();
    assert_eq!(now(gateway.create(&payment(Provider::Stripe))), Err(GatewayError::Away { retry_after: Some(10) }));
    assert_eq!(gateway.count(), 3);
    let refused = Err(GatewayError::Unsent { retry_after: Some(10) });
    assert_eq!(now(gateway.create(&payment(Provider::Stripe))), refused, "not asked");
    assert_eq!(gateway.count(), 3);
    gateway.answers([token(), with(404, json!({}))]);
    let other = now(gateway.observe(&named(ResourceKind::Capture, "3C")));
    assert_eq!(other, Err(GatewayError::NotYet), "the other one is still called");
    gateway.wire.clock.set(gateway.wire.clock.get() + 10_000);
    gateway.answers([session()]);
    assert!(now(gateway.create(&payment(Provider::Stripe))).is_ok(), "after its rest it is tried again");
    gateway.answers([session()]);
    assert!(now(gateway.create(&payment(Provider::Stripe))).is_ok());
}

#[test]
fn what_one_instance_finds_away_is_told_once_and_left_alone_by_another() {
    let (one, other) = (gateway(), gateway());
    assert_eq!(one.rests_to_tell(), None);
    let _ = now(one.create(&payment(Provider::Stripe)));
    assert_eq!((one.rests_to_tell().as_deref(), one.rests_to_tell()), (Some("{\"stripe\":10000}"), None));
    other.heard(Provider::Stripe, Some(4_000));
    let left_alone = Err(GatewayError::Unsent { retry_after: Some(10) });
    assert_eq!((now(other.create(&payment(Provider::Stripe))), other.count()), (left_alone, 0));
    other.wire.clock.set(4_000);
    other.heard(Provider::Stripe, Some(0));
    other.answers([session()]);
    assert!(now(other.create(&payment(Provider::Stripe))).is_ok());
}

#[test]
fn the_wait_that_is_asked_for_is_kept_if_there_is_time_for_it() {
    let gateway = gateway();
    gateway.answers([asked_to_wait(429, 2), session()]);
    assert!(now(gateway.create(&payment(Provider::Stripe))).is_ok());
    assert_eq!(gateway.wire.slept.get(), 2_050);
    gateway.answers([asked_to_wait(429, 60), session()]);
    assert_eq!(now(gateway.create(&payment(Provider::Stripe))), Err(GatewayError::Away { retry_after: Some(60) }));
    assert_eq!(gateway.wire.slept.get(), 2_050, "not waited for, handed on");
    assert!(now(gateway.create(&payment(Provider::Stripe))).is_ok(), "too many requests doesn't open the breaker");
}

#[test]
fn no_operation_takes_longer_than_its_budget() {
    let gateway = gateway();
    gateway.wire.answers.borrow_mut().extend([(6_000, session()), (6_000, session()), (6_000, session())]);
    assert!(now(gateway.create(&payment(Provider::Stripe))).is_err());
    assert!(gateway.wire.clock.get() <= gateway.longest().as_millis() as u64, "{}", gateway.wire.clock.get());
}

#[test]
fn a_token_is_used_until_shortly_before_its_end() {
    let gateway = gateway();
    let missing = || with(404, json!({}));
    gateway.answers([token(), missing(), missing()]);
    for _ in 0..2 {
        let _ = now(gateway.observe(&named(ResourceKind::Capture, "3C")));
    }
    assert_eq!(gateway.sent(), ["/v1/oauth2/token", "/v2/payments/captures/3C", "/v2/payments/captures/3C"]);
    gateway.wire.clock.set(32_341_000);
    gateway.answers([token(), missing()]);
    let _ = now(gateway.observe(&named(ResourceKind::Capture, "3C")));
    assert_eq!(gateway.sent()[3..], ["/v1/oauth2/token", "/v2/payments/captures/3C"]);
}

fn kept(replayed: bool) -> Outcome {
    let hints = RetryHints { should_retry: Some(false), replayed };
    Ok(Answer { status: 500, retry_after: None, hints, body: Vec::new() })
}

#[test]
fn a_failure_that_stripe_keeps_is_not_asked_for_again_but_for_what_takes_no_money() {
    let gateway = gateway();
    let key = |at: usize| {
        let sent = gateway.wire.sent.borrow();
        let header = sent[at].1.headers.iter().find(|(name, _)| *name == "idempotency-key");
        header.map(|(_, key)| key.clone()).unwrap()
    };
    gateway.answers([kept(false)]);
    let told = Err(GatewayError::Kept { replayed: false });
    assert_eq!(now(gateway.create(&payment(Provider::Stripe))), told, "it says stop");
    assert_eq!(gateway.count(), 1);
    // The next request finds what is kept, and begins anew.
    gateway.answers([kept(true), session()]);
    assert_eq!(now(gateway.create(&payment(Provider::Stripe))).unwrap().external_id, "cs_1");
    assert_eq!((key(1), key(2)), (key(0), format!("{}-1", key(0))));

    gateway.answers([kept(true)]);
    let told = Err(GatewayError::Kept { replayed: true });
    assert_eq!(now(gateway.refund(&refund(Provider::Stripe, "ch_1"))), told, "not blindly");
    assert_eq!(gateway.count(), 4);
    let capture = NewCapture {
        what: Capturable::StripePaymentIntent,
        external_id: "pi_1".into(),
        request: "key-1".into(),
        amount: None,
    };
    let over = with(400, json!({ "error": { "code": "payment_intent_unexpected_state" } }));
    let intent = json!({ "id": "pi_1", "status": "succeeded", "amount_received": 23_775, "currency": "eur" });
    gateway.answers([kept(true), over, with(200, intent)]);
    assert_eq!(now(gateway.capture(&capture)).unwrap()[0].id, "pi_1", "the failed attempt had captured it");
    let canceled = json!({ "id": "pi_1", "status": "canceled", "amount": 23_775, "currency": "eur" });
    let over = with(400, json!({ "error": { "code": "payment_intent_unexpected_state" } }));
    gateway.answers([over, with(200, canceled)]);
    assert!(matches!(now(gateway.capture(&capture)), Err(GatewayError::Refused { .. })));
}

#[test]
fn a_key_that_is_refused_after_an_attempt_in_doubt_leaves_the_doubt() {
    let gateway = gateway();
    gateway.answers([AWAY, with(401, json!({}))]);
    let doubtful = Err(GatewayError::Away { retry_after: None });
    assert_eq!(now(gateway.refund(&refund(Provider::Stripe, "ch_1"))), doubtful);
    gateway.answers([with(401, json!({}))]);
    assert!(now(gateway.refund(&refund(Provider::Stripe, "ch_1"))).is_err_and(|error| error.is_unsent()));
    gateway.answers([AWAY, AWAY, AWAY]);
    let without_token = now(gateway.refund(&refund(Provider::PayPal, "3C")));
    assert!(without_token.is_err_and(|error| error.is_unsent()), "only a token was asked for");
}

#[test]
fn a_token_that_was_withdrawn_is_replaced_once() {
    let gateway = gateway();
    let denied = || with(401, json!({ "error": "invalid_token" }));
    gateway.answers([token(), denied(), token(), with(404, json!({}))]);
    assert_eq!(now(gateway.observe(&named(ResourceKind::Capture, "3C"))), Err(GatewayError::NotYet));
    assert_eq!(gateway.count(), 4);
    gateway.answers([denied(), token(), denied()]);
    let unusable = Err(GatewayError::Unconfigured { variable: "paypal_client_secret" });
    assert_eq!(now(gateway.observe(&named(ResourceKind::Capture, "3C"))), unusable);
    assert_eq!(gateway.count(), 7);
    gateway.answers([denied()]);
    assert_eq!(now(gateway.observe(&named(ResourceKind::Capture, "3C"))), unusable, "the client itself isn't known");
}

#[test]
fn one_request_asks_for_a_token_and_the_others_wait_only_so_long() {
    let gateway = gateway();
    gateway.paypal_access.asking.set(true);
    let waited = now(gateway.observe(&named(ResourceKind::Capture, "3C")));
    assert_eq!((waited, gateway.count()), (Err(GatewayError::Unsent { retry_after: None }), 0));
    assert_eq!(gateway.wire.clock.get(), gateway.longest().as_millis() as u64);
    gateway.paypal_access.asking.set(false);
    gateway.answers([AWAY, AWAY, AWAY]);
    assert!(now(gateway.observe(&named(ResourceKind::Capture, "3C"))).is_err());
    assert!(!gateway.paypal_access.asking.get(), "who failed doesn't keep the others waiting");
}

#[test]
fn a_refund_event_is_observed_with_its_payment() {
    let gateway = gateway();
    let up = json!([{ "rel": "up", "href": "https://api-m.paypal.com/v2/payments/captures/3C" }]);
    let refund = json!({ "id": "1R", "status": "COMPLETED", "amount": money("5.00"), "links": up,
        "seller_payable_breakdown": { "total_refunded_amount": money("7.00") } });
    let capture = json!({ "id": "3C", "status": "PARTIALLY_REFUNDED", "amount": money("237.75"), "custom_id": "order-1",
        "payee": { "merchant_id": "MERCHANT1" } });
    gateway.answers([token(), with(200, refund.clone()), with(200, capture)]);
    let objects = now(gateway.observe(&named(ResourceKind::Refund, "1R"))).unwrap();
    let kinds: Vec<_> = objects.iter().map(|object| (object.kind, object.id.as_str())).collect();
    assert_eq!(kinds, [(ObjectKind::Refund, "1R"), (ObjectKind::Payment, "3C")]);
    assert_eq!(objects[0].refunded_total.map(|total| total.to_string()).as_deref(), Some("7.00"));
    assert_eq!(
        (objects[0].payee.as_deref(), objects[0].order_reference.as_deref()),
        (Some("MERCHANT1"), Some("order-1"))
    );

    gateway.answers([with(200, refund), with(404, json!({}))]);
    assert_eq!(
        now(gateway.observe(&named(ResourceKind::Refund, "1R"))),
        Err(GatewayError::NotYet),
        "its payment comes"
    );
}

#[test]
fn a_refunded_payment_is_read_with_its_refunds_and_a_dispute_without_its_payment() {
    let gateway = gateway();
    let capture = json!({ "id": "3C", "status": "PARTIALLY_REFUNDED", "amount": money("237.75"),
        "supplementary_data": { "related_ids": { "order_id": "5O1" } } });
    let up = json!([{ "rel": "up", "href": "https://api-m.paypal.com/v2/payments/captures/3C" }]);
    let refunds = json!([{ "id": "1R", "status": "COMPLETED", "amount": money("5.00"), "links": up }]);
    let unit = json!({ "custom_id": "order-1", "payments": { "captures": [capture], "refunds": refunds } });
    let order = json!({ "id": "5O1", "status": "COMPLETED", "purchase_units": [unit] });
    gateway.answers([token(), with(200, capture.clone()), with(200, order.clone())]);
    let objects = now(gateway.observe(&named(ResourceKind::Capture, "3C"))).unwrap();
    assert_eq!(objects.iter().map(|object| object.id.as_str()).collect::<Vec<_>>(), ["3C", "1R"]);

    gateway.answers([with(200, order)]);
    assert_eq!(now(gateway.observe(&named(ResourceKind::Order, "5O1"))).unwrap().len(), 2);
    let dispute = json!({ "dispute_id": "PP-D-1", "status": "OPEN", "disputed_transactions": [{ "seller_transaction_id": "9S" }] });
    gateway.answers([with(200, dispute), with(404, json!({}))]);
    assert_eq!(now(gateway.observe(&named(ResourceKind::Dispute, "PP-D-1"))).unwrap().len(), 1);
    gateway.answers([with(200, json!({ "id": "other", "status": "COMPLETED" }))]);
    assert_eq!(now(gateway.observe(&named(ResourceKind::Capture, "3C"))), Err(GatewayError::Unexpected));
}

#[test]
fn money_is_captured_once_and_read_if_it_was_captured_before() {
    let gateway = gateway();
    let capture = json!({ "id": "3C", "status": "COMPLETED", "amount": money("237.75") });
    let order =
        json!({ "id": "5O1", "status": "COMPLETED", "purchase_units": [{ "payments": { "captures": [capture] } }] });
    let before = json!({ "name": "UNPROCESSABLE_ENTITY", "details": [{ "issue": "ORDER_ALREADY_CAPTURED" }] });
    gateway.answers([token(), with(422, before), with(200, order)]);
    let found = now(gateway.capture(&NewCapture::of_paypal_order("5O1", 0))).unwrap();
    assert_eq!((found.len(), found[0].id.as_str()), (1, "3C"));
    assert_eq!(gateway.sent()[1..], ["/v2/checkout/orders/5O1/capture", "/v2/checkout/orders/5O1"]);
    assert_eq!(gateway.wire.sent.borrow()[2].1.method, Method::Get);

    let of = |what, id: &str| NewCapture { what, external_id: id.into(), request: "key-1".into(), amount: None };
    gateway.answers([with(201, capture)]);
    assert_eq!(now(gateway.capture(&of(Capturable::PayPalAuthorization, "9A"))).unwrap()[0].id, "3C");
    let intent = json!({ "id": "pi_1", "status": "succeeded", "amount_received": 23_775, "currency": "eur" });
    gateway.answers([with(200, intent)]);
    assert_eq!(now(gateway.capture(&of(Capturable::StripePaymentIntent, "pi_1"))).unwrap()[0].id, "pi_1");
}

#[test]
fn money_is_given_back_at_its_provider() {
    let gateway = gateway();
    gateway.answers([token(), with(201, json!({ "id": "1R", "status": "COMPLETED", "amount": money("5.00") }))]);
    assert_eq!(now(gateway.refund(&refund(Provider::PayPal, "3C"))).unwrap().id, "1R");
    let made = json!({ "id": "re_1", "status": "pending", "amount": 500, "currency": "eur", "charge": "ch_1" });
    gateway.answers([with(200, made)]);
    assert_eq!(now(gateway.refund(&refund(Provider::Stripe, "ch_1"))).unwrap().id, "re_1");
    gateway.answers([with(200, json!({ "id": "re_1" }))]);
    assert_eq!(now(gateway.refund(&refund(Provider::Stripe, "ch_1"))), Err(GatewayError::Unexpected), "never made up");
}

#[test]
fn paypal_says_whether_it_sent_a_delivery() {
    let gateway = gateway();
    let headers = Headers::new([
        ("paypal-auth-algo", &b"SHA256withRSA"[..]),
        ("paypal-cert-url", b"https://api.paypal.com/v1/notifications/certs/CERT-1"),
        ("paypal-transmission-id", b"t-1"),
        ("paypal-transmission-sig", b"sig=="),
        ("paypal-transmission-time", b"2026-01-31T12:00:00Z"),
    ]);
    let said = |word: &str| with(200, json!({ "verification_status": word }));
    gateway.answers([token(), said("SUCCESS"), said("FAILURE"), with(400, json!({ "name": "VALIDATION_ERROR" }))]);
    for expected in [true, false, false] {
        assert_eq!(now(gateway.post_back(&headers, b"{}")), Ok(expected));
    }
    assert_eq!(now(gateway.post_back(&headers, b"{},")), Ok(false));
    assert_eq!(gateway.count(), 4, "what can't be PayPal's isn't sent");
}

#[test]
fn events_are_listed_at_both_providers() {
    let gateway = gateway();
    gateway.answers([with(200, json!({ "data": [{ "id": "evt_1", "type": "x" }], "has_more": true })), token()]);
    assert_eq!(now(gateway.events(Provider::Stripe, Moment(0), None)).unwrap().next.as_deref(), Some("evt_1"));
    gateway.answers([with(200, json!({ "events": [] }))]);
    assert_eq!(now(gateway.events(Provider::PayPal, Moment(0), None)), Ok(EventPage::default()));
}

#[test]
fn a_secret_that_is_refused_gives_way_to_the_next_which_is_remembered() {
    let mut values = defaults();
    for (name, value) in [
        ("paypal_client_id", "client"),
        ("paypal_client_secret", "new old"),
        ("paypal_account", "MERCHANT1"),
        ("stripe_api_key", "sk_new sk_old"),
        ("stripe_account", "acct_1"),
    ] {
        values.insert(name, value.to_owned());
    }
    let gateway = Gateway::over(Script::default(), &PaymentConfig::parse(&values).unwrap());
    let denied = || with(401, json!({}));
    let keys = || {
        let sent = gateway.wire.sent.take();
        let keys = sent.iter().flat_map(|(_, request)| &request.headers).filter(|(name, _)| *name == "authorization");
        keys.map(|(_, key)| key.clone()).collect::<Vec<_>>()
    };
    gateway.answers([denied(), session(), session(), denied(), session()]);
    for expected in [&["Bearer sk_new", "Bearer sk_old"][..], &["Bearer sk_old"], &["Bearer sk_old", "Bearer sk_new"]] {
        assert!(now(gateway.create(&payment(Provider::Stripe))).is_ok());
        assert_eq!(keys(), expected);
    }
    gateway.answers([denied(), denied()]);
    let none = Err(GatewayError::Unconfigured { variable: "stripe_api_key" });
    assert_eq!(now(gateway.create(&payment(Provider::Stripe))), none, "each is tried once");
    assert_eq!(keys().len(), 2);

    gateway.answers([denied(), token(), with(404, json!({}))]);
    assert_eq!(now(gateway.observe(&named(ResourceKind::Capture, "3C"))), Err(GatewayError::NotYet));
    let basic = |secret: &str| paypal::token_request("client", &Secret::new(secret)).headers[2].1.clone();
    assert_eq!(keys(), [basic("new"), basic("old"), "Bearer A21".to_owned()]);
}
