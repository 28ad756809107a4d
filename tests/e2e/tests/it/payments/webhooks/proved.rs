//! A stored event that is taken up again is believed no further than a delivery is, and a forged
//! one never stands in the place of a genuine one.

use e2e::App;
use serde_json::{Value, json};
use standin::{Payment, Provider, Signing};

use super::{deliver, events, ok, order, paid, pay, payment_status, shop, shop_like};

fn now() -> i64 {
    i64::try_from(std::time::UNIX_EPOCH.elapsed().expect("now").as_secs()).expect("now")
}

#[tokio::test]
async fn in_mode_post_back_a_replay_asks_paypal_about_a_body_that_was_never_sent_back() {
    let Some(app) = shop_like(App::private().variable("paypal_mode", "post-back")).await else { return };
    let asked = || app.standin().count("POST /v1/notifications/verify-webhook-signature");
    let order = order(&app).await;
    let event = pay(&app, Provider::PayPal, &order);
    let old = Signing { sent_at: Some(now() - 5 * 86_400), ..Signing::default() };
    let signed = app.standin().sign(Provider::PayPal, &event.body, &old);
    assert_eq!(deliver(&app.client, &signed).await, ok("needs_review"));
    assert_eq!(asked(), 0, "it is only kept");
    let replay = async || {
        let listed = app.operator().get("/webhooks/events?limit=1").await.expect(200).json();
        let id = listed["items"][0]["id"].as_str().expect("an id").to_owned();
        app.operator().post(&format!("/webhooks/events/{id}/replay")).await
    };
    // Of another body PayPal says no.
    let swap = |was: &str, now: &str| {
        format!(
            "UPDATE webhook_events SET body = convert_to(replace(convert_from(body, 'UTF8'), '{was}', '{now}'), 'UTF8')"
        )
    };
    app.psql(&swap("PAYMENT.CAPTURE.COMPLETED", "PAYMENT.CAPTURE.DENIED")).await;
    let refused = replay().await.expect(200).json();
    assert_eq!((&refused["status"], &refused["reason"]), (&json!("needs_review"), &json!("signature-mismatch")));
    assert_eq!((asked(), payment_status(&app, &order).await.as_str()), (1, "unpaid"));

    app.psql(&swap("PAYMENT.CAPTURE.DENIED", "PAYMENT.CAPTURE.COMPLETED")).await;
    assert_eq!(replay().await.expect(200).json()["status"], "processed");
    assert_eq!((asked(), payment_status(&app, &order).await.as_str()), (2, "paid"));
}

#[tokio::test]
async fn in_mode_post_back_a_redrive_asks_paypal_about_what_another_mode_has_stored() {
    let Some(app) = shop_like(App::private().variable("paypal_mode", "post-back")).await else { return };
    let order = order(&app).await;
    let event = pay(&app, Provider::PayPal, &order);
    // Stored by an instance whose mode was another one, with headers that never signed this body.
    let body: String = event.body.iter().map(|byte| format!("{byte:02x}")).collect();
    app.psql(&format!(
        "SELECT webhook_record('paypal', '{}', '{}', '{}', encode(sha256('\\x{body}'), 'hex'), 't-1', '{{}}', '\\x{body}',
            now()::text, 'received', NULL, 86400)",
        app.standin().settings().paypal_account, event.id, event.kind
    ))
    .await;
    let redriven = app.operator().post("/webhooks/redrive").await.expect(200).json();
    assert_eq!(redriven["outcomes"]["needsReview"], 1, "{redriven}");
    assert_eq!(events(&app).await, "needs_review:signature-mismatch");
    assert_eq!(payment_status(&app, &order).await, "unpaid");
}

#[tokio::test]
async fn a_reconciliation_brings_an_event_whose_id_forged_bodies_carry() {
    let Some(app) = shop().await else { return };
    let standin = app.standin();
    let (order, other) = (order(&app).await, super::order(&app).await);
    let genuine = pay(&app, Provider::PayPal, &order);
    let elsewhere = paid(
        &app,
        &standin.pay_directly(&Payment::new(Provider::PayPal, &other.id, &other.total, &app.sample.currency)),
    );
    // The holder of the other delivery writes bodies of the same CRC under the genuine event's id:
    // about its own payment, about nothing that PayPal knows, and of a type that is ignored.
    let held = standin.signed(&elsewhere.id);
    let forge = |change: &dyn Fn(&mut Value)| {
        let mut body: Value = serde_json::from_slice(&elsewhere.body).expect("JSON");
        body["id"] = json!(genuine.id);
        change(&mut body);
        held.clone().with_body(standin::with_the_crc_of(&held.body, body.to_string().as_bytes()))
    };
    let forged = [
        forge(&|_| {}),
        forge(&|body| body["resource"]["id"] = json!("NEVER0000SEEN0000")),
        forge(&|body| body["event_type"] = json!("CATALOG.PRODUCT.CREATED")),
    ];
    for signed in &forged {
        deliver(&app.client, signed).await;
    }
    let stored = format!("SELECT count(*)::text FROM webhook_events WHERE event_id = '{}'", genuine.id);
    assert_eq!(app.psql_value(&stored).await, "3", "its id is taken");
    assert_eq!(payment_status(&app, &order).await, "unpaid");
    let path = "/webhooks/reconcile?provider=paypal";
    let answer = app.operator().post(path).await.expect(200).json();
    assert_eq!(payment_status(&app, &order).await, "paid", "{answer}");
    let again = app.operator().post(path).await.expect(200).json();
    assert_eq!(again["missing"], 0, "{again}");
}
