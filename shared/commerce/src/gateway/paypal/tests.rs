//! Shapes are those of developer.paypal.com: Orders v2, Payments v2, Disputes v1, Webhooks v1.

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::gateway::RetryHints;
use crate::gateway::{Answer, Capturable, GatewayError, Method, NewCapture, NewPayment, NewRefund, Request, Secret};
use crate::money::Currency;
use crate::provider::Provider;
use crate::session::Flow;
use crate::time::Moment;
use crate::webhook::Headers;
use crate::webhook::event::paypal::{Resource, ResourceKind};
use crate::webhook::event::{ObjectKind, ObjectState};

const ORDER: Uuid = Uuid::from_u128(0x0190_a000_0000_7000_8000_0000_0000_0001);
const SESSION: Uuid = Uuid::from_u128(0x0190_a000_0000_7000_8000_0000_0000_0002);

fn payment(amount: &str, currency: &str) -> NewPayment {
    NewPayment {
        session: SESSION,
        order: ORDER,
        amount: amount.into(),
        currency: Currency::parse(currency).unwrap(),
        gateway: Provider::PayPal,
        return_url: "https://shop.example/back".into(),
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

fn body(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

fn refused(reason: &str, field: Option<&str>) -> GatewayError {
    GatewayError::Refused { reason: reason.into(), field: field.map(str::to_owned) }
}

#[test]
fn a_token_is_used_until_shortly_before_its_end() {
    let request = token_request("client", &Secret::new("secret"));
    assert_eq!((request.method, request.path.as_str()), (Method::Post, "/v1/oauth2/token"));
    assert_eq!(header(&request, "authorization"), Some("Basic Y2xpZW50OnNlY3JldA=="));
    assert_eq!(request.body, b"grant_type=client_credentials");

    let got = |seconds: u64| {
        token(&answer(200, &json!({ "access_token": "A21AA", "token_type": "Bearer", "expires_in": seconds })), 1_000)
            .map(|token| token.usable_until)
    };
    assert_eq!(got(32_400), Ok(1_000 + 32_340_000));
    assert_eq!(got(60), Ok(1_000 + 30_000), "of a short one, half");
    assert_eq!(got(0), Ok(1_000));
    for wrong in [
        json!({}),
        json!({ "access_token": "A" }),
        json!({ "access_token": "", "expires_in": 5 }),
        json!({ "access_token": "a\nb", "expires_in": 5 }),
        json!({ "access_token": "A", "expires_in": u64::MAX }),
    ] {
        assert_eq!(token(&answer(200, &wrong), 0), Err(GatewayError::Unexpected), "{wrong}");
    }
    let unknown = token(&answer(401, &json!({ "error": "invalid_client" })), 0);
    assert_eq!(unknown, Err(GatewayError::Unconfigured { variable: "paypal_client_secret" }));
    assert!(
        !format!("{:?}", token(&answer(200, &json!({ "access_token": "A21AA", "expires_in": 9 })), 0))
            .contains("A21AA")
    );
}

#[test]
fn an_order_carries_our_ids_the_exact_amount_and_where_to_go_back_to() {
    let request = create(&payment("237.75", "EUR"), "MERCHANT1").unwrap();
    assert_eq!(request.path, "/v2/checkout/orders");
    assert_eq!(header(&request, "paypal-request-id"), Some(SESSION.to_string().as_str()));
    let body = body(&request);
    assert_eq!(body["intent"], "CAPTURE");
    assert_eq!(
        body["purchase_units"],
        json!([{ "custom_id": ORDER, "amount": { "currency_code": "EUR", "value": "237.75" }, "payee": { "merchant_id": "MERCHANT1" } }])
    );
    let context = &body["payment_source"]["paypal"]["experience_context"];
    assert_eq!(context["return_url"], "https://shop.example/back");
    assert_eq!(context["cancel_url"], "https://shop.example/cancel");
    assert_eq!(create(&payment("237.75", "EUR"), "MERCHANT1").unwrap().body, request.body, "a repetition is the same");
}

#[test]
fn amounts_are_written_as_paypal_wants_them_or_refused_before_anything_is_sent() {
    let value = |amount: &str, currency: &str| {
        create(&payment(amount, currency), "")
            .map(|request| body(&request)["purchase_units"][0]["amount"]["value"].clone())
    };
    assert_eq!(value("5", "EUR"), Ok(json!("5.00")));
    assert_eq!(value("500", "JPY"), Ok(json!("500")));
    assert_eq!(value("500.00", "HUF"), Ok(json!("500")));
    assert_eq!(value("500.50", "HUF"), Err(refused("amount-too-precise", Some("amount"))));
    assert_eq!(value("5.00", "RON"), Err(refused("currency-not-taken", Some("currency"))));
    assert_eq!(value("five", "EUR"), Err(refused("amount-malformed", Some("amount"))));
    assert_eq!(value("99999999999999.00", "EUR"), Err(refused("amount-too-large", Some("amount"))));
}

#[test]
fn an_order_that_was_created_says_where_the_shopper_goes() {
    let with = |rel: &str, href: &str| {
        let links = json!([{ "rel": "self", "href": "https://api-m.paypal.com/v2/checkout/orders/5O1" }, { "rel": rel, "href": href }]);
        created(&answer(201, &json!({ "id": "5O1", "status": "PAYER_ACTION_REQUIRED", "links": links })))
    };
    for rel in ["payer-action", "approve"] {
        let made = with(rel, "https://www.paypal.com/checkoutnow?token=5O1").unwrap();
        assert_eq!(
            (made.external_id.as_str(), made.redirect_url.as_deref().unwrap_or_default()),
            ("5O1", "https://www.paypal.com/checkoutnow?token=5O1")
        );
    }
    assert_eq!(with("edit", "https://www.paypal.com/"), Err(GatewayError::Unexpected));
    assert_eq!(with("approve", "javascript:alert(1)"), Err(GatewayError::Unexpected));
    assert_eq!(created(&answer(201, &json!({ "id": "../5O1" }))), Err(GatewayError::Unexpected));
    assert_eq!(
        created(&Answer { status: 200, retry_after: None, hints: RetryHints::default(), body: b"<html>".to_vec() }),
        Err(GatewayError::Unexpected)
    );
}

#[test]
fn a_refusal_is_named_by_paypals_issue_and_nothing_else_of_its_text() {
    let said = |body: Value| created(&answer(422, &body)).unwrap_err();
    let issue = |issue: &str| json!({ "name": "UNPROCESSABLE_ENTITY", "message": "secret", "details": [{ "issue": issue, "description": "secret" }] });
    assert_eq!(said(issue("INSTRUMENT_DECLINED")), refused("instrument-declined", None));
    assert_eq!(said(issue("CURRENCY_NOT_SUPPORTED")), refused("currency-not-supported", Some("currency")));
    assert_eq!(said(issue("REFUND_AMOUNT_EXCEEDED")), refused("refund-amount-exceeded", Some("amount")));
    assert_eq!(said(json!({ "name": "NOT_AUTHORIZED" })), refused("not-authorized", None));
    assert_eq!(said(json!("nothing")), refused("unknown", None));
    assert_eq!(said(issue("a <b>")), refused("unknown", None));
}

#[test]
fn captures_and_refunds_are_sent_under_their_request_id() {
    let of_order = capture(&NewCapture::of_paypal_order("5O1", 0)).unwrap();
    assert_eq!(of_order.path, "/v2/checkout/orders/5O1/capture");
    assert_eq!(header(&of_order, "paypal-request-id"), Some("capture-5O1"));
    assert_eq!(of_order.body, b"{}");

    let mut wanted = NewCapture {
        what: Capturable::PayPalAuthorization,
        external_id: "9A".into(),
        request: "key-1".into(),
        amount: Some(("10.5".into(), Currency::parse("EUR").unwrap())),
    };
    let of_authorization = capture(&wanted).unwrap();
    assert_eq!(of_authorization.path, "/v2/payments/authorizations/9A/capture");
    assert_eq!(
        body(&of_authorization),
        json!({ "final_capture": true, "amount": { "currency_code": "EUR", "value": "10.50" } })
    );
    wanted.amount = None;
    assert_eq!(body(&capture(&wanted).unwrap()), json!({ "final_capture": true }));
    wanted.external_id = "../x?y".into();
    assert_eq!(capture(&wanted).unwrap().path, "/v2/payments/authorizations/..%2Fx%3Fy/capture");
    wanted.what = Capturable::StripePaymentIntent;
    assert_eq!(capture(&wanted), Err(GatewayError::Unexpected));

    let back = refund(&NewRefund {
        gateway: Provider::PayPal,
        payment: "3C".into(),
        request: SESSION,
        order: ORDER,
        amount: "5".into(),
        currency: Currency::parse("USD").unwrap(),
        note: Some("é".repeat(300)),
    })
    .unwrap();
    assert_eq!(back.path, "/v2/payments/captures/3C/refund");
    assert_eq!(header(&back, "paypal-request-id"), Some(SESSION.to_string().as_str()));
    assert_eq!(body(&back)["amount"], json!({ "currency_code": "USD", "value": "5.00" }));
    assert_eq!(body(&back)["note_to_payer"].as_str().map(|note| note.chars().count()), Some(255));
}

#[test]
fn a_captured_order_gives_its_payments() {
    let order = json!({ "id": "5O1", "status": "COMPLETED", "purchase_units": [{ "custom_id": ORDER, "payments": { "captures": [
        { "id": "3C", "status": "COMPLETED", "amount": { "currency_code": "EUR", "value": "237.75" }, "create_time": "2026-01-31T12:00:00Z" }
    ] } }] });
    let found = objects(&resource(&answer(201, &order)).unwrap(), ResourceKind::Order).unwrap();
    assert_eq!((found.len(), found[0].id.as_str(), found[0].state), (1, "3C", ObjectState::Completed));
    assert_eq!(found[0].order_reference.as_deref(), Some(ORDER.to_string().as_str()));
    assert_eq!(objects(&json!({}), ResourceKind::Order), Err(GatewayError::Unexpected));
    assert_eq!(objects(&json!({ "id": "3C", "status": "NEW" }), ResourceKind::Capture), Err(GatewayError::Unexpected));
}

fn capture_answer(status: &str) -> Value {
    json!({
        "id": "3C", "status": status, "custom_id": ORDER, "amount": { "currency_code": "EUR", "value": "237.75" },
        "payee": { "merchant_id": "MERCHANT1" }, "supplementary_data": { "related_ids": { "order_id": "5O1" } },
        "create_time": "2026-01-31T12:00:00Z", "update_time": "2026-01-31T12:00:00Z",
    })
}

fn named(kind: ResourceKind, id: &str) -> Resource {
    Resource { kind, id: id.into(), reversal: false }
}

#[test]
fn what_belongs_to_a_resource_is_read_with_it() {
    let of = |resource: Resource, answer: Value| {
        let objects = resource.objects(&answer).unwrap();
        related(&resource, &answer, &objects)
    };
    assert_eq!(of(named(ResourceKind::Capture, "3C"), capture_answer("COMPLETED")), None);
    for status in ["PARTIALLY_REFUNDED", "REFUNDED"] {
        assert_eq!(
            of(named(ResourceKind::Capture, "3C"), capture_answer(status)),
            Some(named(ResourceKind::Order, "5O1"))
        );
    }
    let refund = json!({ "id": "1R", "status": "COMPLETED", "amount": { "currency_code": "EUR", "value": "5.00" },
        "links": [{ "rel": "up", "href": "https://api-m.paypal.com/v2/payments/captures/3C" }] });
    assert_eq!(of(named(ResourceKind::Refund, "1R"), refund), Some(named(ResourceKind::Capture, "3C")));
    let dispute = json!({ "dispute_id": "PP-D-1", "status": "OPEN", "disputed_transactions": [{ "seller_transaction_id": "3C" }] });
    assert_eq!(of(named(ResourceKind::Dispute, "PP-D-1"), dispute), Some(named(ResourceKind::Capture, "3C")));
    let order = json!({ "id": "5O1", "status": "APPROVED", "purchase_units": [] });
    assert_eq!(of(named(ResourceKind::Order, "5O1"), order), None);
    assert_eq!(read(&named(ResourceKind::Dispute, "PP-D-1")).path, "/v1/customer/disputes/PP-D-1");
}

#[test]
fn a_refund_learns_whose_it_is_from_its_payment() {
    let refund = json!({ "id": "1R", "status": "COMPLETED", "amount": { "currency_code": "EUR", "value": "5.00" },
        "links": [{ "rel": "up", "href": "https://api-m.paypal.com/v2/payments/captures/3C" }] });
    let mut objects = named(ResourceKind::Refund, "1R").objects(&refund).unwrap();
    let payment = named(ResourceKind::Capture, "3C").objects(&capture_answer("COMPLETED")).unwrap();
    join(&mut objects, payment.clone());
    assert_eq!(objects.iter().map(|one| one.kind).collect::<Vec<_>>(), [ObjectKind::Refund, ObjectKind::Payment]);
    assert_eq!(objects[0].payee.as_deref(), Some("MERCHANT1"));
    assert_eq!(objects[0].order_reference.as_deref(), Some(ORDER.to_string().as_str()));
    join(&mut objects, payment);
    assert_eq!(objects.len(), 2, "what is known isn't added again");
}

const DELIVERY: [(&str, &[u8]); 5] = [
    ("paypal-auth-algo", b"SHA256withRSA"),
    ("paypal-cert-url", b"https://api.paypal.com/v1/notifications/certs/CERT-1"),
    ("paypal-transmission-id", b"t-1"),
    ("paypal-transmission-sig", b"sig=="),
    ("paypal-transmission-time", b"2026-01-31T12:00:00Z"),
];

#[test]
fn a_delivery_goes_back_byte_for_byte() {
    let body = "{ \"id\" : \"WH-1\",\r\n \"n\":1.0, \"e\":\"\\u00e4\" }".as_bytes();
    let request = post_back(&Headers::new(DELIVERY), "4JH86294D6297924G", body).unwrap();
    let text = String::from_utf8(request.body.clone()).unwrap();
    assert!(text.ends_with(&format!(",\"webhook_event\":{}}}", std::str::from_utf8(body).unwrap())));
    let document: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(document["webhook_id"], "4JH86294D6297924G");
    assert_eq!(document["transmission_sig"], "sig==");
    assert_eq!(document["webhook_event"]["id"], "WH-1");
}

#[test]
fn a_delivery_that_could_name_another_webhook_is_not_sent_back() {
    for forged in [&b"{},\"webhook_id\":\"WEBHOOK_ID\""[..], b"", b"{", b"{}{}", b"\xff"] {
        assert_eq!(post_back(&Headers::new(DELIVERY), "4JH", forged), None);
    }
    for missing in 0..DELIVERY.len() {
        let some = DELIVERY.iter().enumerate().filter(|(index, _)| *index != missing).map(|(_, pair)| *pair);
        assert_eq!(post_back(&Headers::new(some), "4JH", b"{}"), None);
    }
    let twice = DELIVERY.into_iter().chain([DELIVERY[0]]);
    assert_eq!(post_back(&Headers::new(twice), "4JH", b"{}"), None);
}

#[test]
fn paypals_word_on_a_delivery_is_one_of_two() {
    let said = |word: &str| verified(&answer(200, &json!({ "verification_status": word })));
    assert_eq!(
        (said("SUCCESS"), said("FAILURE"), said("success")),
        (Ok(true), Ok(false), Err(GatewayError::Unexpected))
    );
    assert_eq!(verified(&answer(503, &json!({}))), Err(GatewayError::Away { retry_after: None }));
}

#[test]
fn events_are_listed_page_by_page_at_our_own_address() {
    let first = events(Moment(1_769_860_800_000_000), None);
    assert!(
        first.path.starts_with("/v1/notifications/webhooks-events?page_size=300&start_time=2026-01-31T12%3A00%3A00")
    );
    let list = |href: &str| {
        page(&answer(200, &json!({
            "events": [{ "id": "WH-1", "event_type": "PAYMENT.CAPTURE.COMPLETED", "create_time": "2026-01-31T12:00:00Z" }],
            "links": [{ "rel": "self", "href": "https://x/" }, { "rel": "next", "href": href }],
        })))
        .unwrap()
    };
    let next = list("https://evil.example/v1/notifications/webhooks-events?next_page_token=a%3D&page_size=300");
    assert_eq!((next.events[0].id.as_str(), next.events[0].kind.as_str()), ("WH-1", "PAYMENT.CAPTURE.COMPLETED"));
    assert!(next.events[0].created_at.is_some() && next.events[0].body.starts_with(b"{"));
    let second = events(Moment(0), next.next.as_deref());
    assert_eq!(second.path, "/v1/notifications/webhooks-events?next_page_token=a%3D&page_size=300");
    assert_eq!(list("https://api-m.paypal.com/v1/notifications/webhooks-events?a b").next, None);
    assert_eq!(list("https://api-m.paypal.com/elsewhere?a=b").next, None);
    assert_eq!(page(&answer(200, &json!({ "events": [] }))).unwrap(), crate::gateway::EventPage::default());
    for wrong in [json!({}), json!({ "events": [{}] })] {
        assert_eq!(page(&answer(200, &wrong)), Err(GatewayError::Unexpected), "{wrong}");
    }
}
