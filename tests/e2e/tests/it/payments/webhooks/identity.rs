//! Whose event it is, which event it is, and in which form it comes.

use e2e::App;
use serde_json::{Value, json};
use standin::{Event, Fault, FaultKind, Provider, Signing};

use super::{deliver, events, money, ok, order, pay, payment_status, shop, shop_like};

/// Delivers an event of Stripe with some fields changed, signed anew.
async fn altered(app: &App, event: &Event, change: impl FnOnce(&mut Value)) -> (u16, String) {
    let mut body: Value = serde_json::from_slice(&event.body).expect("JSON");
    change(&mut body);
    let signed = app.standin().sign(Provider::Stripe, body.to_string().as_bytes(), &Signing::default());
    deliver(&app.client, &signed).await
}

#[tokio::test]
async fn an_order_is_found_in_whatever_case_its_id_comes_back() {
    let Some(app) = shop().await else { return };
    for provider in Provider::ALL {
        for mixed in [false, true] {
            let order = order(&app).await;
            let mut shouted = super::PayableOrder { id: order.id.to_uppercase(), total: order.total.clone() };
            if mixed {
                shouted.id = order
                    .id
                    .chars()
                    .enumerate()
                    .map(|(n, c)| if n % 2 == 0 { c.to_ascii_uppercase() } else { c })
                    .collect();
            }
            let event = pay(&app, provider, &shouted);
            assert_eq!(deliver(&app.client, &app.standin().signed(&event.id)).await, ok("processed"), "{provider:?}");
            assert_eq!(payment_status(&app, &order).await, "paid", "{provider:?}");
        }
    }
}

#[tokio::test]
async fn another_accounts_event_pays_nothing_whether_account_or_context_names_it() {
    let Some(app) = shop().await else { return };
    let ours = app.standin().settings().stripe_account.clone();
    for (what, account, context, outcome, status) in [
        ("another account", json!("acct_other"), json!(null), "needs_review", "unpaid"),
        ("another context", json!(null), json!("acct_other"), "needs_review", "unpaid"),
        ("ours within another's", json!(ours), json!("acct_other"), "needs_review", "unpaid"),
        ("no account at all", json!(7), json!(null), "needs_review", "unpaid"),
        ("our own context", json!(null), json!(ours), "processed", "paid"),
        ("our own twice", json!(ours), json!(format!("org_1/{ours}")), "processed", "paid"),
    ] {
        let order = order(&app).await;
        let event = pay(&app, Provider::Stripe, &order);
        let answer = altered(&app, &event, |body| (body["account"], body["context"]) = (account, context)).await;
        assert_eq!(answer, ok(outcome), "{what}");
        assert_eq!(payment_status(&app, &order).await, status, "{what}");
    }
}

#[tokio::test]
async fn an_event_of_stripe_is_the_same_in_other_bytes() {
    let Some(app) = shop().await else { return };
    let order = order(&app).await;
    let event = pay(&app, Provider::Stripe, &order);
    assert_eq!(altered(&app, &event, |body| body["pending_webhooks"] = json!(3)).await, ok("processed"));
    for pending in [2, 1, 0] {
        let answer = altered(&app, &event, |body| body["pending_webhooks"] = json!(pending)).await;
        assert_eq!(answer, ok("already_processed"));
    }
    assert_eq!(events(&app).await, "applied");
    // Another server, which stored it by its bytes, is no other event either.
    app.psql(&format!("UPDATE webhook_events SET body_sha256 = repeat('ab', 32) WHERE event_id = '{}'", event.id))
        .await;
    let (_server, client) = app.another_server().await;
    assert_eq!(deliver(&client, &app.standin().signed(&event.id)).await, ok("already_processed"));
    assert_eq!(events(&app).await, "applied");
    let reconciled = app.operator().post("/webhooks/reconcile?provider=stripe").await.expect(200).json();
    assert_eq!(reconciled["outcomes"]["failed"], 0, "{reconciled}");
    let count = format!("SELECT count(*)::text FROM webhook_events WHERE event_id = '{}'", event.id);
    assert_eq!(app.psql_value(&count).await, "1", "the list's copy is the same event, too");
}

#[tokio::test]
async fn a_thin_event_has_the_effect_of_its_snapshot_before_or_after_it_once() {
    let Some(app) = shop().await else { return };
    for thin_first in [true, false] {
        let order = order(&app).await;
        let snapshot = pay(&app, Provider::Stripe, &order).id;
        let thin = app.standin().thin(&snapshot).id;
        let (first, second) = if thin_first { (&thin, &snapshot) } else { (&snapshot, &thin) };
        for id in [first, second, first] {
            assert_eq!(deliver(&app.client, &app.standin().signed(id)).await.0, 200);
            assert_eq!(money(&app, &order).await, format!("paid paid/{}/0.00", order.total));
        }
        let payment: Value = serde_json::from_slice(&app.standin().event(&snapshot).body).expect("JSON");
        let payment = payment["data"]["object"]["id"].as_str().expect("an id").to_owned();
        // A refund and a dispute that only thin events tell of.
        let refunded = app.standin().refund(&payment, Some("1.00"));
        let disputed = app.standin().dispute(&payment);
        for snapshot in refunded.events.iter().chain(&disputed.events) {
            let thin = app.standin().thin(snapshot).id;
            assert_eq!(deliver(&app.client, &app.standin().signed(&thin)).await, ok("processed"));
        }
        assert_eq!(money(&app, &order).await, format!("disputed disputed/{}/1.00", order.total));
    }
}

#[tokio::test]
async fn a_thin_event_waits_for_stripes_api_and_is_reviewed_where_that_refuses() {
    let settings = e2e::App::private().variable("payment_timeout_ms", "300").variable("payment_breaker_ms", "20");
    let Some(app) = shop_like(settings).await else { return };
    let order = order(&app).await;
    let thin = app.standin().thin(&pay(&app, Provider::Stripe, &order).id).id;
    app.standin().fail(Fault::new(FaultKind::Status(503)).on("/v1/payment_intents/"));
    assert_eq!(deliver(&app.client, &app.standin().signed(&thin)).await.0, 503);
    assert_eq!(events(&app).await, "received:provider-away");
    app.standin().heal();
    e2e::eventually("Stripe is asked again", kit::SOON, || async {
        (deliver(&app.client, &app.standin().signed(&thin)).await == ok("processed")).then_some(())
    })
    .await;
    assert_eq!(payment_status(&app, &order).await, "paid");

    // An object of an account that our key can't read.
    let foreign =
        app.standin().event(&app.standin().thin(&pay(&app, Provider::Stripe, &super::order(&app).await).id).id);
    let answer = altered(&app, &foreign, |body| body["context"] = json!("acct_other")).await;
    assert_eq!(answer, ok("needs_review"));
    // One that names nothing to read.
    let empty = altered(&app, &foreign, |body| {
        (body["id"], body["related_object"]) = (json!("evt_test_empty"), json!(null));
    });
    assert_eq!(empty.await, ok("needs_review"));
}

#[tokio::test]
async fn a_ping_is_taken_and_a_test_event_at_a_live_endpoint_has_no_effect() {
    let standin =
        standin::Standin::start_on("127.0.0.1:0", standin::Settings { live: true, ..standin::Settings::random() });
    let standin = standin.await.expect("a free port");
    // In live mode no API is elsewhere than at its provider. None is asked here.
    let private = App::private().payments(&standin).variable("stripe_api_url", "https://api.stripe.com");
    let private = private.variable("paypal_api_url", "https://api-m.paypal.com").variable("paypal_certificate_url", "");
    let Some(app) = private.spawn().await else { return };
    standin.automatic(false);
    let order = order(&app).await;
    let event = pay(&app, Provider::Stripe, &order);
    let test = altered(&app, &event, |body| (body["id"], body["livemode"]) = (json!("evt_of_test_mode"), json!(false)));
    assert_eq!(test.await, ok("ignored"));
    assert_eq!(payment_status(&app, &order).await, "unpaid");
    assert_eq!(events(&app).await, "ignored:livemode-mismatch");
    // Nor when an operator takes it up.
    let listed = app.operator().get("/webhooks/events?limit=5").await.expect(200).json();
    let id = listed["items"][0]["id"].as_str().expect("an id");
    let replayed = app.operator().post(&format!("/webhooks/events/{id}/replay")).await.expect(200).json();
    assert_eq!(replayed["reason"], "livemode-mismatch", "{replayed}");
    assert_eq!(payment_status(&app, &order).await, "unpaid");

    for livemode in [true, false] {
        let ping = json!({
            "id": format!("evt_test_ping_{livemode}"), "object": "v2.core.event", "type": "v2.core.event_destination.ping",
            "livemode": livemode, "created": "2026-01-15T12:00:00.000Z", "context": null,
            "related_object": {"id": "ed_test_1", "type": "event_destination", "url": "/v2/core/event_destinations/ed_test_1"},
        });
        let signed = standin.sign(Provider::Stripe, ping.to_string().as_bytes(), &Signing::default());
        assert_eq!(deliver(&app.client, &signed).await, ok("ignored"));
    }
    assert_eq!(deliver(&app.client, &standin.signed(&event.id)).await, ok("processed"));
    assert_eq!(payment_status(&app, &order).await, "paid");
}

#[tokio::test]
async fn stripes_events_are_read_in_the_shapes_of_its_api_versions() {
    let Some(app) = shop().await else { return };
    for version in ["2019-05-16", "2024-06-20", "2025-09-30.clover"] {
        let order = order(&app).await;
        let event = pay(&app, Provider::Stripe, &order);
        let mut charge = String::new();
        let answer = altered(&app, &event, |body| {
            body["api_version"] = json!(version);
            let intent = &mut body["data"]["object"];
            charge = intent["latest_charge"].as_str().expect("a charge").to_owned();
            if version.starts_with("2019") {
                intent["charges"] =
                    json!({"object": "list", "data": [{"id": charge, "object": "charge", "paid": true}]});
                intent.as_object_mut().expect("an object").remove("latest_charge");
            }
        })
        .await;
        assert_eq!(answer, ok("processed"), "{version}");
        // A dispute that names only the charge finds its payment.
        let body: Value = serde_json::from_slice(&event.body).expect("JSON");
        let opened = app.standin().dispute(body["data"]["object"]["id"].as_str().expect("an id"));
        let told = app.standin().of_kind(&opened, "charge.dispute.created");
        let answer = altered(&app, &told, |body| body["data"]["object"]["payment_intent"] = json!(null)).await;
        assert_eq!(answer, ok("processed"), "{version}");
        assert_eq!(payment_status(&app, &order).await, "disputed", "{version}");
    }
}
