//! A delivery that doesn't verify is refused with the reason, and leaves no trace.

use e2e::App;
use serde_json::json;
use standin::{Certificate, Provider, SignedDelivery, Signing};

use super::{deliver, events, money, ok, order, pay, payment_status, shop, shop_like};

fn refused(reason: &str) -> (u16, String) {
    (400, reason.to_owned())
}

fn altered(signed: &SignedDelivery) -> SignedDelivery {
    let body = String::from_utf8(signed.body.clone()).expect("JSON").replacen("\"id\"", "\"id\" ", 1);
    signed.clone().with_body(body)
}

#[tokio::test]
async fn a_delivery_that_paypal_has_not_signed_for_us_is_refused_with_the_reason() {
    let Some(app) = shop().await else { return };
    let order = order(&app).await;
    let event = pay(&app, Provider::PayPal, &order);
    let (standin, base) = (app.standin(), app.standin().base_url().to_owned());
    let sign = |how: Signing| standin.sign(Provider::PayPal, &event.body, &how);
    let certificate = |certificate| sign(Signing { certificate: Some(certificate), ..Signing::default() });
    let url = |url: &str| sign(Signing { certificate_url: Some(url.to_owned()), ..Signing::default() });
    let good = sign(Signing::default());
    let host = base.replace("127.0.0.1", "localhost");
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().expect("now").as_secs()).expect("now");
    for (what, signed, reason) in [
        ("another body", altered(&good), "signature-mismatch"),
        ("an empty body", good.clone().with_body(""), "signature-mismatch"),
        ("anybody's key", sign(Signing { wrong_key: true, ..Signing::default() }), "signature-mismatch"),
        (
            "another webhook",
            sign(Signing { webhook_id: Some("4JH86294D6297924G".into()), ..Signing::default() }),
            "signature-mismatch",
        ),
        (
            "the simulator",
            sign(Signing { webhook_id: Some("WEBHOOK_ID".into()), ..Signing::default() }),
            "signature-mismatch",
        ),
        ("another id", good.clone().with("PayPal-Transmission-Id", "x"), "signature-mismatch"),
        (
            "the time in another form",
            good.clone().with("PayPal-Transmission-Time", "2026-01-01T00:00:00Z"),
            "signature-mismatch",
        ),
        ("from the future", sign(Signing { sent_at: Some(now + 600), ..Signing::default() }), "transmission-in-future"),
        ("a self-signed certificate", certificate(Certificate::SelfSigned), "certificate-untrusted"),
        ("an expired certificate", certificate(Certificate::Expired), "certificate-not-valid-at-transmission"),
        ("a certificate of another host", certificate(Certificate::OtherName), "certificate-name-mismatch"),
        ("a live certificate", certificate(Certificate::Live), "certificate-name-mismatch"),
        ("a certificate that isn't there", certificate(Certificate::Missing), "certificate-unreadable"),
        (
            "a certificate from elsewhere",
            url("https://evil.test/v1/notifications/certs/CERT-1a"),
            "certificate-url-not-allowed",
        ),
        (
            "a certificate of another name of the host",
            url(&format!("{host}/v1/notifications/certs/CERT-1a")),
            "certificate-url-not-allowed",
        ),
        (
            "a certificate with steps",
            url(&format!("{base}/v1/notifications/certs/../x")),
            "certificate-url-not-allowed",
        ),
        (
            "a certificate with a query",
            url(&format!("{base}/v1/notifications/certs/CERT-1?x")),
            "certificate-url-not-allowed",
        ),
        ("no signature", good.clone().without("PayPal-Transmission-Sig"), "header-missing"),
        ("no time", good.clone().without("PayPal-Transmission-Time"), "header-missing"),
        ("two signatures", good.clone().with_another("PayPal-Transmission-Sig", "AAAA"), "header-duplicated"),
        (
            "the same signature twice",
            {
                let same = good.header("PayPal-Transmission-Sig").to_owned();
                good.clone().with_another("paypal-transmission-sig", &same)
            },
            "header-duplicated",
        ),
        ("another algorithm", good.clone().with("PayPal-Auth-Algo", "SHA1withRSA"), "algorithm-not-allowed"),
        ("no base64", good.clone().with("PayPal-Transmission-Sig", "?"), "header-malformed"),
    ] {
        assert_eq!(deliver(&app.client, &signed).await, refused(reason), "{what}");
    }
    assert_eq!(events(&app).await, "", "nothing of it is stored");
    assert_eq!(payment_status(&app, &order).await, "unpaid");
    assert_eq!(deliver(&app.client, &good).await, ok("processed"), "and nothing of it stands in the genuine one's way");
    assert_eq!(payment_status(&app, &order).await, "paid");
}

#[tokio::test]
async fn a_delivery_that_stripe_has_not_signed_for_us_is_refused_with_the_reason() {
    let Some(app) = shop().await else { return };
    let order = order(&app).await;
    let event = pay(&app, Provider::Stripe, &order);
    let standin = app.standin();
    let sign = |how: Signing| standin.sign(Provider::Stripe, &event.body, &how);
    let good = sign(Signing::default());
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().expect("now").as_secs()).expect("now");
    let at = |offset: i64| sign(Signing { sent_at: Some(now + offset), ..Signing::default() });
    let live = String::from_utf8(event.body.clone()).expect("JSON").replace("\"livemode\":false", "\"livemode\":true");
    assert!(live.as_bytes() != event.body, "the event says that it is none of live mode");
    let v0 = good.header("stripe-signature").replace("v1=", "v9=");
    for (what, signed, reason) in [
        ("another body", altered(&good), "signature-mismatch"),
        ("another secret", sign(Signing { wrong_key: true, ..Signing::default() }), "signature-mismatch"),
        ("only a v0 signature", good.clone().with("stripe-signature", &v0), "signature-mismatch"),
        ("too old", at(-400), "transmission-too-old"),
        ("from the future", at(400), "transmission-in-future"),
        ("no signature", good.clone().without("stripe-signature"), "header-missing"),
        (
            "two signatures",
            good.clone().with_another("stripe-signature", good.header("stripe-signature")),
            "header-duplicated",
        ),
        ("no form", good.clone().with("stripe-signature", "v1"), "header-malformed"),
        ("live mode", standin.sign(Provider::Stripe, live.as_bytes(), &Signing::default()), "livemode-mismatch"),
        ("no event", standin.sign(Provider::Stripe, b"{}", &Signing::default()), "event-malformed"),
        ("no JSON", standin.sign(Provider::Stripe, b"\xff", &Signing::default()), "event-malformed"),
    ] {
        assert_eq!(deliver(&app.client, &signed).await, refused(reason), "{what}");
    }
    assert_eq!(events(&app).await, "");
    assert_eq!(deliver(&app.client, &good).await, ok("processed"));
    assert_eq!(payment_status(&app, &order).await, "paid");
}

/// The genuine delivery's signature over another body of the same CRC-32.
fn forged(
    genuine: &SignedDelivery,
    event: &standin::Event,
    change: impl FnOnce(&mut serde_json::Value),
) -> SignedDelivery {
    let mut claim: serde_json::Value = serde_json::from_slice(&event.body).expect("JSON");
    change(&mut claim);
    genuine.clone().with_body(standin::with_the_crc_of(&event.body, claim.to_string().as_bytes()))
}

#[tokio::test]
async fn a_body_with_the_checksum_of_a_genuine_one_moves_no_money_and_blocks_nothing() {
    for forged_first in [true, false] {
        let Some(app) = shop().await else { return };
        let order = order(&app).await;
        let event = pay(&app, Provider::PayPal, &order);
        let genuine = app.standin().signed(&event.id);
        let forged = forged(&genuine, &event, |claim| {
            claim["id"] = json!("WH-FORGED");
            claim["resource"]["amount"]["value"] = json!("9999.00");
        });
        let (first, second) = if forged_first { (&forged, &genuine) } else { (&genuine, &forged) };
        assert_eq!(
            deliver(&app.client, first).await,
            ok("processed"),
            "the checksum fits: its resource is what counts"
        );
        // The genuine body says what the API shows, the forged one doesn't. So only the forged one
        // needs an operator's look.
        let (answer, again, stored) = match forged_first {
            true => ("processed", "already_processed", "applied applied"),
            false => ("needs_review", "needs_review", "applied needs_review:transmission-conflict"),
        };
        assert_eq!(deliver(&app.client, second).await, ok(answer), "forged first: {forged_first}");
        assert_eq!(
            money(&app, &order).await,
            format!("paid paid/{}/0.00", order.total),
            "forged first: {forged_first}"
        );
        assert_eq!(events(&app).await, stored);
        assert_eq!(deliver(&app.client, second).await, ok(again), "forged first: {forged_first}");
    }
}

#[tokio::test]
async fn a_refund_is_no_reversal_because_a_forged_body_says_so() {
    let Some(app) = shop().await else { return };
    for forged_first in [false, true] {
        let order = order(&app).await;
        let event = pay(&app, Provider::PayPal, &order);
        assert_eq!(deliver(&app.client, &app.standin().signed(&event.id)).await, ok("processed"));
        let capture = serde_json::from_slice::<serde_json::Value>(&event.body).expect("JSON")["resource"]["id"].clone();
        let refunded = app.standin().refund(capture.as_str().expect("an id"), Some("1.00"));
        let event = app.standin().of_kind(&refunded, "PAYMENT.CAPTURE.REFUNDED");
        let genuine = app.standin().signed(&event.id);
        for id in [json!("WH-FORGED"), json!(event.id)] {
            let forged = forged(&genuine, &event, |claim| {
                claim["id"] = id.clone();
                claim["event_type"] = json!("PAYMENT.CAPTURE.REVERSED");
            });
            let mut deliveries = [&genuine, &forged];
            if forged_first {
                deliveries.reverse();
            }
            for delivery in deliveries {
                assert_eq!(deliver(&app.client, delivery).await.0, 200, "{id}, forged first: {forged_first}");
                assert_eq!(
                    payment_status(&app, &order).await,
                    "partially_refunded",
                    "{id}, forged first: {forged_first}"
                );
            }
        }
    }
}

#[tokio::test]
async fn bodies_of_one_transmission_that_name_different_payments_are_looked_at() {
    let Some(app) = shop().await else { return };
    let (one, other) = (order(&app).await, order(&app).await);
    let (event, strangers) = (pay(&app, Provider::PayPal, &one), pay(&app, Provider::PayPal, &other));
    let genuine = app.standin().signed(&event.id);
    // It says nothing but the truth, of another payment.
    let elsewhere: serde_json::Value = serde_json::from_slice(&strangers.body).expect("JSON");
    let forged = forged(&genuine, &event, |claim| *claim = elsewhere);
    assert_eq!(deliver(&app.client, &forged).await, ok("processed"));
    assert_eq!(deliver(&app.client, &genuine).await, ok("needs_review"));
    assert_eq!(events(&app).await, "applied needs_review:transmission-conflict");
    for order in [&one, &other] {
        assert_eq!(money(&app, order).await, format!("paid paid/{}/0.00", order.total), "both were paid");
    }
}

#[tokio::test]
async fn forged_bodies_that_come_first_dont_keep_the_genuine_one_out() {
    let Some(app) = shop().await else { return };
    let (mine, other) = (order(&app).await, order(&app).await);
    let strangers = pay(&app, Provider::PayPal, &other);
    for real in [false, true] {
        let event = pay(&app, Provider::PayPal, &mine);
        let genuine = app.standin().signed(&event.id);
        for n in 0..8 {
            let forged = forged(&genuine, &event, |claim| {
                if real {
                    *claim = serde_json::from_slice(&strangers.body).expect("JSON");
                } else {
                    claim["resource"]["id"] = json!(format!("9NOBODYS{n}"));
                }
                claim["id"] = json!(format!("WH-FORGED-{n}"));
            });
            deliver(&app.client, &forged).await;
        }
        let (status, told) = deliver(&app.client, &genuine).await;
        assert_eq!(status, 200, "{real}: {told}");
        let captured = money(&app, &mine).await;
        assert_eq!(captured.matches("paid/").count(), 1 + usize::from(real), "{real}: {captured}");
    }
}

#[tokio::test]
async fn one_transmission_costs_a_few_rows_and_calls_however_many_bodies_it_comes_with() {
    let Some(app) = shop().await else { return };
    let order = order(&app).await;
    let event = pay(&app, Provider::PayPal, &order);
    let genuine = app.standin().signed(&event.id);
    let mut answers = Vec::new();
    let mut calls = 0;
    for n in 0..40 {
        if n == 25 {
            calls = app.standin().seen().len();
        }
        let forged = forged(&genuine, &event, |claim| {
            claim["id"] = json!(format!("WH-FORGED-{n}"));
            claim["resource"]["amount"]["value"] = json!("9999.00");
        });
        answers.push(deliver(&app.client, &forged).await.0);
    }
    assert_eq!(answers, [[200; 25].as_slice(), &[503; 15]].concat(), "nothing that isn't stored is answered 2xx");
    assert_eq!(app.standin().seen().len(), calls, "PayPal was asked for those that are stored");
    assert_eq!(app.psql_value("SELECT count(*)::text FROM webhook_events").await, "5");
    // The genuine delivery comes too late, but isn't lost: the API has told its contents, and
    // reconciliation takes a way of its own.
    assert_eq!(deliver(&app.client, &genuine).await.0, 503);
    assert_eq!(money(&app, &order).await, format!("paid paid/{}/0.00", order.total));
    let operator = app.operator();
    let path = "/webhooks/reconcile?provider=paypal";
    operator.send(operator.request(reqwest::Method::POST, path)).await.expect(200);
    let state = format!("SELECT state FROM webhook_events WHERE event_id = '{}'", event.id);
    assert_eq!(app.psql_value(&state).await, "applied");
}

#[tokio::test]
async fn simulator_events_are_recognised_if_that_is_wanted_and_move_nothing() {
    let Some(app) = shop_like(App::private().variable("paypal_simulator", "ignore")).await else { return };
    let order = order(&app).await;
    let event = pay(&app, Provider::PayPal, &order);
    let simulated = Signing { webhook_id: Some("WEBHOOK_ID".into()), ..Signing::default() };
    let signed = app.standin().sign(Provider::PayPal, &event.body, &simulated);
    for _ in 0..2 {
        assert_eq!(deliver(&app.client, &signed).await, ok("ignored"));
    }
    assert_eq!(events(&app).await, "ignored:simulator-event");
    assert_eq!(payment_status(&app, &order).await, "unpaid");
}

#[tokio::test]
async fn nothing_secret_stands_in_answers_keys_or_the_log() {
    let Some(app) = shop_like(App::private().own_redis()).await else { return };
    let mut log = app.redis_log().await;
    for provider in Provider::ALL {
        let order = order(&app).await;
        let event = pay(&app, provider, &order);
        deliver(&app.client, &altered(&app.standin().signed(&event.id))).await;
        deliver(&app.client, &app.standin().signed(&event.id)).await;
    }
    let commands: Vec<String> = log.take().await.into_iter().map(|command| command.text).collect();
    let settings = app.standin().settings();
    for secret in [
        &settings.paypal_client_secret,
        &settings.stripe_api_key,
        &settings.stripe_webhook_secret,
        &settings.paypal_client_id,
    ] {
        assert!(!app.log().contains(secret.as_str()), "the log holds a secret");
        assert!(!commands.iter().any(|command| command.contains(secret.as_str())), "Redis was told a secret");
        let kept = app.psql_value(
            "SELECT coalesce(string_agg(headers::text || convert_from(body, 'UTF8'), ' '), '') FROM webhook_events",
        );
        assert!(!kept.await.contains(secret.as_str()), "a secret is kept with an event");
    }
}
