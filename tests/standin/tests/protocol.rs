//! The stand-in keeps to the providers' documentation.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use standin::{Fault, FaultKind, Payment, Provider, Signing, Standin};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn paypal(standin: &Standin) -> impl AsyncFn(&str, Option<Value>, &str) -> (StatusCode, Value) {
    let (http, base) = (reqwest::Client::new(), standin.base_url().to_owned());
    let settings = standin.settings();
    let asked = http
        .post(format!("{base}/v1/oauth2/token"))
        .basic_auth(&settings.paypal_client_id, Some(&settings.paypal_client_secret))
        .header("content-type", "application/x-www-form-urlencoded")
        .body("grant_type=client_credentials");
    let token: Value = asked.send().await.unwrap().json().await.unwrap();
    let token = token["access_token"].as_str().unwrap().to_owned();
    async move |path: &str, body: Option<Value>, key: &str| {
        let request = match body {
            Some(body) => http.post(format!("{base}{path}")).json(&body).header("paypal-request-id", key),
            None => http.get(format!("{base}{path}")),
        };
        let answer = request.bearer_auth(&token).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap_or_default())
    }
}

fn order(value: &str) -> Value {
    json!({"intent": "CAPTURE", "purchase_units": [{"custom_id": "order-1", "amount": {"currency_code": "EUR", "value": value}}]})
}

#[tokio::test]
async fn a_paypal_order_is_made_approved_captured_and_refunded_once() {
    let standin = Standin::start().await;
    let call = paypal(&standin).await;
    let (status, made) = call("/v2/checkout/orders", Some(order("237.75")), "k1").await;
    assert_eq!((status.as_u16(), &made["status"]), (201, &json!("CREATED")));
    let (status, again) = call("/v2/checkout/orders", Some(order("237.75")), "k1").await;
    assert_eq!((status.as_u16(), &again), (200, &made), "the same request id is the same order");
    assert_eq!(call("/v2/checkout/orders", Some(order("1.00")), "k1").await.0, 422);
    let id = made["id"].as_str().unwrap();
    assert!(made["links"].as_array().unwrap().iter().any(|link| link["rel"] == "approve"));

    let capture = format!("/v2/checkout/orders/{id}/capture");
    let (status, refused) = call(&capture, Some(json!({})), "k2").await;
    assert_eq!((status.as_u16(), &refused["details"][0]["issue"]), (422, &json!("ORDER_NOT_APPROVED")));
    standin.approve(id);
    let (status, again) = call(&capture, Some(json!({})), "k2").await;
    assert_eq!((status.as_u16(), &again), (422, &refused), "the same request id is the same refusal");
    let (status, captured) = call(&capture, Some(json!({})), "k4").await;
    assert_eq!((status.as_u16(), &captured["status"]), (201, &json!("COMPLETED")));
    let (_, again) = call("/v2/checkout/orders", Some(order("237.75")), "k1").await;
    assert_eq!(
        (&again["id"], &again["status"]),
        (&made["id"], &json!("COMPLETED")),
        "the latest state of what was made"
    );
    let taken = &captured["purchase_units"][0]["payments"]["captures"][0];
    assert_eq!((&taken["status"], &taken["custom_id"]), (&json!("COMPLETED"), &json!("order-1")));
    assert_eq!(call(&capture, Some(json!({})), "k4").await, (StatusCode::OK, captured.clone()));
    assert_eq!(call(&capture, Some(json!({})), "k3").await.1["details"][0]["issue"], "ORDER_ALREADY_CAPTURED");

    let refund = format!("/v2/payments/captures/{}/refund", taken["id"].as_str().unwrap());
    let some = |value: &str| Some(json!({"amount": {"currency_code": "EUR", "value": value}}));
    for (key, value, status, total) in [
        ("r1", "30.00", 201, "30.00"),
        ("r1", "30.00", 200, "30.00"),
        ("r2", "7.75", 201, "37.75"),
        ("r3", "200.01", 422, ""),
    ] {
        let (got, made) = call(&refund, some(value), key).await;
        assert_eq!(got, status, "{key} {made}");
        if let Some(id) = made["id"].as_str() {
            let (_, refund) = call(&format!("/v2/payments/refunds/{id}"), None, "").await;
            assert_eq!(refund["seller_payable_breakdown"]["total_refunded_amount"]["value"], total);
        }
    }
    let (_, taken) =
        call(taken["links"][0]["href"].as_str().unwrap().strip_prefix(standin.base_url()).unwrap(), None, "").await;
    assert_eq!(taken["status"], "PARTIALLY_REFUNDED");
    let (_, events) = call("/v1/notifications/webhooks-events?page_size=2", None, "").await;
    assert_eq!((&events["count"], &events["links"][1]["rel"]), (&json!(2), &json!("next")));
}

#[tokio::test]
async fn a_stripe_key_replays_refuses_other_parameters_and_is_in_use_while_the_first_is() {
    let standin = Standin::start().await;
    let (http, key) = (reqwest::Client::new(), standin.settings().stripe_api_key.clone());
    let create = async |amount: u32, idempotency: &str| {
        let form = format!(
            "mode=payment&success_url=https://shop.test/ok&metadata[order_id]=o1&payment_intent_data[metadata][order_id]=o1\
             &line_items[0][quantity]=1&line_items[0][price_data][currency]=eur&line_items[0][price_data][unit_amount]={amount}\
             &line_items[0][price_data][product_data][name]=Order"
        );
        let request = http.post(format!("{}/v1/checkout/sessions", standin.base_url())).bearer_auth(&key);
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        let answer = request.header("idempotency-key", idempotency).send().await.unwrap();
        let replayed = answer.headers().contains_key("idempotent-replayed");
        (answer.status().as_u16(), replayed, answer.json::<Value>().await.unwrap())
    };
    let (status, _, session) = create(23_775, "k1").await;
    assert_eq!((status, &session["amount_total"], &session["status"]), (200, &json!(23_775), &json!("open")));
    assert_eq!(create(23_775, "k1").await, (200, true, session.clone()));
    assert_eq!(create(1, "k1").await.0, 400);
    standin.fail(Fault::new(FaultKind::Delay(Duration::from_millis(300))).times(1));
    let (one, two) = tokio::join!(create(500, "k2"), async {
        while standin.count("POST /v1/checkout/sessions") < 4 {
            tokio::task::yield_now().await;
        }
        create(500, "k2").await
    });
    assert_eq!((one.0, two.0), (200, 409));
    standin.fail(Fault::new(FaultKind::DoneThenStatus(502)).times(1));
    let lost = http.post(format!("{}/v1/checkout/sessions", standin.base_url())).send().await.unwrap();
    assert_eq!(lost.status(), 502);

    let paid = standin.pay(session["id"].as_str().unwrap());
    let succeeded: Value = serde_json::from_slice(&standin.of_kind(&paid, "payment_intent.succeeded").body).unwrap();
    assert_eq!(succeeded["data"]["object"]["metadata"]["order_id"], "o1");
    assert_eq!(standin.object(&paid.id).unwrap()["amount_received"], 23_775);
    assert_eq!(standin.pay(session["id"].as_str().unwrap()).id, "", "only once");
}

/// A webhook that answers with these statuses, the last one for ever. Gives its address.
async fn webhook(statuses: &'static [u16]) -> (String, Arc<AtomicU16>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, count) = (listener.local_addr().unwrap(), Arc::new(AtomicU16::new(0)));
    let seen = count.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut buffer = vec![0; 65_536];
            let _ = stream.read(&mut buffer).await.unwrap();
            let at = usize::from(seen.fetch_add(1, Ordering::SeqCst));
            let status = statuses[at.min(statuses.len() - 1)];
            let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (format!("http://{address}"), count)
}

#[tokio::test]
async fn an_event_is_sent_again_until_it_is_accepted() {
    let standin = Standin::start().await;
    let (url, count) = webhook(&[503, 500, 200]).await;
    standin.webhooks_to(&url);
    for provider in Provider::ALL {
        standin.automatic(false);
        let paid = standin.pay_directly(&Payment::new(provider, "o1", "5.00", "EUR"));
        count.store(0, Ordering::SeqCst);
        let attempts = standin.deliver(&paid.events[1]).await;
        assert_eq!(
            attempts.iter().map(|attempt| attempt.status).collect::<Vec<_>>(),
            [Some(503), Some(500), Some(200)]
        );
    }
}

#[tokio::test]
async fn the_post_back_knows_its_own_signatures_and_no_others() {
    let standin = Standin::start().await;
    let call = paypal(&standin).await;
    let body = br#"{ "id": "WH-1", "amount": 1.0, "list": [] }"#;
    let other = Signing { webhook_id: Some("WEBHOOK_ID".into()), ..Signing::default() };
    let wrong = Signing { wrong_key: true, ..Signing::default() };
    for (how, body, expected) in [
        (Signing::default(), &body[..], "SUCCESS"),
        (wrong, body, "FAILURE"),
        (other, body, "FAILURE"),
        (Signing::default(), br#"{"id":"WH-1","amount":1.0,"list":[]}"#, "FAILURE"),
    ] {
        let signed = standin.sign(Provider::PayPal, br#"{ "id": "WH-1", "amount": 1.0, "list": [] }"#, &how);
        let asked = format!(
            r#"{{"auth_algo":"{}","cert_url":"{}","transmission_id":"{}","transmission_sig":"{}","transmission_time":"{}","webhook_id":"{}","webhook_event":{}}}"#,
            signed.header("paypal-auth-algo"),
            signed.header("paypal-cert-url"),
            signed.header("paypal-transmission-id"),
            signed.header("paypal-transmission-sig"),
            signed.header("paypal-transmission-time"),
            standin.settings().paypal_webhook_id,
            std::str::from_utf8(body).unwrap()
        );
        let raw = serde_json::value::RawValue::from_string(asked).unwrap();
        let answer = post_raw(&standin, &raw).await;
        assert_eq!(answer["verification_status"], expected);
    }
    drop(call);
}

async fn post_raw(standin: &Standin, body: &serde_json::value::RawValue) -> Value {
    let http = reqwest::Client::new();
    let settings = standin.settings();
    let asked = http
        .post(format!("{}/v1/oauth2/token", standin.base_url()))
        .basic_auth(&settings.paypal_client_id, Some(&settings.paypal_client_secret))
        .header("content-type", "application/x-www-form-urlencoded")
        .body("grant_type=client_credentials");
    let token: Value = asked.send().await.unwrap().json().await.unwrap();
    let request = http.post(format!("{}/v1/notifications/verify-webhook-signature", standin.base_url()));
    let request = request.bearer_auth(token["access_token"].as_str().unwrap()).body(body.get().to_owned());
    request.send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn a_hidden_resource_is_missing_until_it_is_shown() {
    let standin = Standin::start().await;
    let call = paypal(&standin).await;
    let paid = standin.pay_directly(&Payment::new(Provider::PayPal, "o1", "5.00", "EUR"));
    let path = format!("/v2/payments/captures/{}", paid.id);
    standin.hide(&paid.id);
    assert_eq!(call(&path, None, "").await.0, 404);
    standin.show(&paid.id);
    let (status, capture) = call(&path, None, "").await;
    assert_eq!((status.as_u16(), &capture["payee"]["merchant_id"]), (200, &json!(standin.settings().paypal_account)));
    standin.expire_tokens(None);
    assert_eq!(call(&path, None, "").await.0, 401);
}
