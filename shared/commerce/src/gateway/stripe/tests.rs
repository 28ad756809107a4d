//! Shapes are those of docs.stripe.com/api.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::gateway::RetryHints;

use super::*;
use crate::money::Currency;
use crate::session::Flow;
use crate::webhook::event::{ObjectKind, ObjectState};

const ORDER: Uuid = Uuid::from_u128(0x0190_a000_0000_7000_8000_0000_0000_0001);
const SESSION: Uuid = Uuid::from_u128(0x0190_a000_0000_7000_8000_0000_0000_0002);

fn payment(amount: &str, currency: &str) -> NewPayment {
    NewPayment {
        session: SESSION,
        order: ORDER,
        amount: amount.into(),
        currency: Currency::parse(currency).unwrap(),
        gateway: Provider::Stripe,
        return_url: "https://shop.example/back?a=b&c".into(),
        cancel_url: "https://shop.example/cancel".into(),
        flow: Flow::Redirect,
    }
}

fn answer(status: u16, body: &Value) -> Answer {
    Answer { status, retry_after: None, hints: RetryHints::default(), body: body.to_string().into_bytes() }
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
}

/// The fields of a form as they are written.
fn fields(request: &Request) -> Vec<String> {
    std::str::from_utf8(&request.body)
        .unwrap()
        .split('&')
        .map(|pair| pair.replace("%5B", "[").replace("%5D", "]"))
        .collect()
}

fn refused(reason: &str, field: Option<&str>) -> GatewayError {
    GatewayError::Refused { reason: reason.into(), field: field.map(str::to_owned) }
}

#[test]
fn a_session_and_its_payment_intent_carry_the_order() {
    let request = create(&payment("237.75", "EUR")).unwrap();
    assert_eq!(request.path, "/v1/checkout/sessions");
    assert_eq!(header(&request, "idempotency-key"), Some(SESSION.to_string().as_str()));
    assert_eq!(header(&request, "stripe-version"), Some(VERSION));
    assert_eq!(header(&request, "content-type"), Some("application/x-www-form-urlencoded"));
    let fields = fields(&request);
    for expected in [
        "mode=payment",
        &format!("metadata[order_id]={ORDER}"),
        &format!("payment_intent_data[metadata][order_id]={ORDER}"),
        &format!("client_reference_id={ORDER}"),
        "line_items[0][price_data][currency]=eur",
        "line_items[0][price_data][unit_amount]=23775",
        "line_items[0][quantity]=1",
        "success_url=https%3A%2F%2Fshop.example%2Fback%3Fa%3Db%26c",
    ] {
        assert!(fields.iter().any(|field| field == expected), "{expected} in {fields:?}");
    }
    assert_eq!(create(&payment("237.75", "EUR")).unwrap().body, request.body, "a repetition is the same");
}

#[test]
fn amounts_are_in_stripes_smallest_unit_or_refused_before_anything_is_sent() {
    let units = |amount: &str, currency: &str| {
        create(&payment(amount, currency)).map(|request| {
            let field = fields(&request).into_iter().find(|field| field.contains("unit_amount")).unwrap();
            field.split_once('=').unwrap().1.to_owned()
        })
    };
    assert_eq!(units("500", "JPY").as_deref(), Ok("500"));
    assert_eq!(units("500", "ISK").as_deref(), Ok("50000"));
    assert_eq!(units("1.230", "KWD").as_deref(), Ok("1230"));
    assert_eq!(units("1.234", "KWD"), Err(refused("amount-too-precise", Some("amount"))));
    assert_eq!(units("1.00", "IRR"), Err(refused("currency-not-taken", Some("currency"))));
}

#[test]
fn refunds_and_captures_name_what_they_are_about() {
    let of = |payment: &str| NewRefund {
        gateway: Provider::Stripe,
        payment: payment.into(),
        request: SESSION,
        order: ORDER,
        amount: "5.00".into(),
        currency: Currency::parse("EUR").unwrap(),
        note: Some("not sent".into()),
    };
    let request = refund(&of("pi_1")).unwrap();
    assert_eq!(
        (request.path.as_str(), header(&request, "idempotency-key")),
        ("/v1/refunds", Some(SESSION.to_string().as_str()))
    );
    assert_eq!(
        fields(&request),
        [
            "payment_intent=pi_1".to_owned(),
            "amount=500".to_owned(),
            format!("metadata[order_id]={ORDER}"),
            format!("metadata[refund_request_id]={SESSION}"),
        ]
    );
    assert_eq!(fields(&refund(&of("ch_1")).unwrap())[0], "charge=ch_1");

    let mut wanted = NewCapture {
        what: Capturable::StripePaymentIntent,
        external_id: "pi_1".into(),
        request: "key-1".into(),
        amount: None,
    };
    let request = capture(&wanted).unwrap();
    assert_eq!(
        (request.path.as_str(), header(&request, "idempotency-key")),
        ("/v1/payment_intents/pi_1/capture", Some("key-1"))
    );
    assert!(request.body.is_empty());
    wanted.amount = Some(("10".into(), Currency::parse("EUR").unwrap()));
    assert_eq!(capture(&wanted).unwrap().body, b"amount_to_capture=1000");
    wanted.what = Capturable::PayPalOrder;
    assert_eq!(capture(&wanted), Err(GatewayError::Unexpected));
}

#[test]
fn a_session_that_was_created_says_where_the_shopper_goes() {
    let made =
        created(&answer(200, &json!({ "id": "cs_test_1", "url": "https://checkout.stripe.com/c/pay/cs_test_1" })))
            .unwrap();
    assert_eq!(
        (made.external_id.as_str(), made.redirect_url.as_deref().unwrap_or_default()),
        ("cs_test_1", "https://checkout.stripe.com/c/pay/cs_test_1")
    );
    for wrong in [json!({}), json!({ "id": "cs_1", "url": null }), json!({ "id": "cs_1", "url": "javascript:x" })] {
        assert_eq!(created(&answer(200, &wrong)), Err(GatewayError::Unexpected), "{wrong}");
    }
}

#[test]
fn a_refund_and_a_captured_intent_are_read_as_their_events_are() {
    let refund = refunded(&answer(
        200,
        &json!({ "id": "re_1", "status": "succeeded", "amount": 500, "currency": "eur",
        "payment_intent": "pi_1", "metadata": { "order_id": ORDER } }),
    ))
    .unwrap();
    assert_eq!(
        (refund.kind, refund.state, refund.parent.as_deref()),
        (ObjectKind::Refund, ObjectState::Completed, Some("pi_1"))
    );
    assert_eq!(refund.amount.map(|amount| amount.to_string()).as_deref(), Some("5.00"));
    let intent = captured(&answer(
        200,
        &json!({ "id": "pi_1", "status": "succeeded", "amount_received": 23_775, "amount": 23_775, "currency": "eur" }),
    ))
    .unwrap();
    assert_eq!((intent.kind, intent.state), (ObjectKind::Payment, ObjectState::Completed));
    assert_eq!(refunded(&answer(200, &json!({}))), Err(GatewayError::Unexpected));
    assert_eq!(captured(&answer(200, &json!({}))), Err(GatewayError::Unexpected));
}

#[test]
fn a_refusal_is_named_by_stripes_codes_and_nothing_else_of_its_text() {
    let said = |status: u16, error: Value| created(&answer(status, &json!({ "error": error }))).unwrap_err();
    assert_eq!(
        said(
            402,
            json!({ "type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds", "message": "secret" })
        ),
        refused("insufficient-funds", None)
    );
    assert_eq!(
        said(400, json!({ "type": "invalid_request_error", "code": "amount_too_small", "param": "line_items" })),
        refused("amount-too-small", Some("amount"))
    );
    assert_eq!(
        said(400, json!({ "type": "invalid_request_error", "param": "line_items[0][price_data][currency]" })),
        refused("invalid-request-error", Some("currency"))
    );
    assert_eq!(said(400, json!({ "type": "idempotency_error" })), refused("idempotency-error", None));
    assert_eq!(said(403, json!(null)), refused("unknown", None));
    assert_eq!(said(401, json!({})), GatewayError::Unconfigured { variable: "stripe_api_key" });
    assert_eq!(said(409, json!({})), GatewayError::Away { retry_after: None });
    assert_eq!(said(404, json!({})), GatewayError::NotYet);
}

#[test]
fn events_are_listed_page_by_page() {
    let first = events(Moment(1_769_860_800_999_999), None);
    assert!(first.path.starts_with("/v1/events?created%5Bgte%5D=1769860800&limit=100&types%5B%5D="));
    assert!(first.path.contains("&types%5B%5D=payment_intent.succeeded&"));
    assert_eq!(first.path.matches("types%5B%5D=").count(), 20, "Stripe takes no more");
    assert!(!first.path.contains("starting_after"));
    assert!(events(Moment(0), Some("evt_9")).path.ends_with("&starting_after=evt_9"));
    let list = |more: Value| {
        page(&answer(200, &json!({ "data": [{ "id": "evt_2", "type": "charge.refunded", "created": 1_769_860_800 }, { "id": "evt_1", "type": "x" }], "has_more": more }))).unwrap()
    };
    let page_one = list(json!(true));
    assert_eq!((page_one.events.len(), page_one.next.as_deref()), (2, Some("evt_1")));
    assert_eq!(page_one.events[0].created_at, Some(Moment(1_769_860_800_000_000)));
    assert_eq!(page_one.events[1].created_at, None);
    assert_eq!(list(json!(false)).next, None);
    for wrong in [json!({}), json!({ "data": [{ "id": "evt_1" }] })] {
        assert_eq!(page(&answer(200, &wrong)), Err(GatewayError::Unexpected), "{wrong}");
    }
}

#[test]
fn a_named_object_is_read_in_the_account_that_it_lives_in() {
    let body = json!({ "id": "evt_1", "type": "v1.payment_intent.succeeded", "created": "2026-01-15T12:00:00Z",
        "related_object": { "id": "pi_1", "type": "payment_intent" } });
    let event = crate::webhook::event::stripe::StripeEvent::parse(body.to_string().as_bytes()).unwrap();
    let crate::webhook::event::stripe::About::Named(object) = event.about else { panic!("no name") };
    let own = read(&object, None);
    assert_eq!(
        (own.path.as_str(), own.headers.iter().any(|(name, _)| *name == "stripe-account")),
        ("/v1/payment_intents/pi_1?expand%5B%5D=latest_charge.balance_transaction", false)
    );
    let connected = read(&object, Some("acct_2"));
    assert!(connected.headers.iter().any(|(name, value)| *name == "stripe-account" && value == "acct_2"));

    let intent = json!({ "id": "pi_1", "status": "succeeded", "amount_received": 500, "currency": "usd" });
    assert!(named(&answer(200, &intent), &object).unwrap().is_some());
    assert_eq!(named(&answer(404, &json!(null)), &object), Err(GatewayError::NotYet));
    assert_eq!(named(&answer(200, &json!({ "id": "pi_2" })), &object), Err(GatewayError::Unexpected));
}
