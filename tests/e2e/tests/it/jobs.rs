//! Jobs: what waits is done although no scheduler is there, once, and by an instance that lives.

use std::time::Duration;

use e2e::{App, Metrics, Private, SOON, eventually, eventually_every};
use serde_json::{Value, json};
use standin::{Fault, FaultKind, Payment, Provider};

use crate::payments::shop::{Order, Shop};

const COMPONENTS: [&str; 4] = ["order-list", "payment-session", "product-catalog", "webhook-dedup"];

/// A shop whose breakers rest for no time that counts, and whose events come by hand.
async fn shop_like(private: Private) -> Option<Shop> {
    let shop = Shop::like(private.variable("payment_breaker_ms", "1")).await?;
    shop.standin.automatic(false);
    Some(shop)
}

/// An order that is paid at PayPal, and the event that says so.
pub(crate) async fn paid_at_paypal(shop: &Shop) -> (Order, String) {
    let order = shop.order().await;
    let payment = Payment::new(Provider::PayPal, &order.id, &order.total, &order.currency);
    let happened = shop.standin.pay_directly(&payment).events;
    let event = happened.into_iter().find(|id| shop.standin.event(id).kind == "PAYMENT.CAPTURE.COMPLETED");
    (order, event.expect("an event of a payment"))
}

/// The event comes while PayPal's API is away: it is stored, and waits.
pub(crate) async fn waits(shop: &Shop, event: &str) {
    let away = Fault::new(FaultKind::Status(503)).on("/v2/payments/captures/");
    shop.standin.fail(away);
    let signed = shop.standin.signed(event);
    let headers = signed.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    shop.app.client.deliver(signed.provider.name(), headers, signed.body.clone()).await.expect(503);
    assert_eq!(shop.events("received").await, 1, "it is kept");
}

/// The jobs that a tick has made steps of.
pub(crate) async fn ticked(app: &App, component: &str) -> Vec<(String, String)> {
    let ran = app.client.anonymous().tick(component).await.expect(200).json()["ran"].clone();
    let text = |of: &Value| of.as_str().expect("a text").to_owned();
    ran.as_array().expect("a list").iter().map(|step| (text(&step["name"]), text(&step["outcome"]))).collect()
}

/// Makes this job due, and no other one.
pub(crate) async fn only(app: &App, name: &str) {
    let due = format!("CASE WHEN name <> '{name}' THEN interval '1 day' ELSE '0' END");
    app.psql(&format!("UPDATE jobs SET next_run = now() + {due}, leased_until = '-infinity'")).await;
}

/// The job as operators see it.
async fn shown(app: &App, name: &str) -> Value {
    let items = app.operator().jobs().await.expect(200).items();
    items.into_iter().find(|job| job["name"] == name).expect("the job")
}

/// Probes the server until each of its jobs has run, and none runs any more.
async fn every_job_has_run(app: &App) {
    let left = "SELECT count(*)::text FROM jobs WHERE last_run IS NULL OR leased_until > now()";
    eventually("every job has run", Duration::from_secs(400), || async {
        app.client.health().await.expect(200);
        (app.psql_value(left).await == "0").then_some(())
    })
    .await;
}

/// A server that calls its jobs, where an event waits for PayPal. PayPal comes back, and nothing
/// happens but that an order is read.
async fn a_read_is_enough(private: Private, without_redis: bool) {
    let Some(mut shop) = shop_like(private.jobs()).await else { return };
    // A new server's jobs are due at once, and a reconciliation would find the event by itself.
    every_job_has_run(&shop.app).await;
    let (order, event) = paid_at_paypal(&shop).await;
    waits(&shop, &event).await;
    // As when it has waited for hours, and was tried just now.
    shop.app.psql("UPDATE webhook_events SET attempts = 12, next_attempt_at = now() + interval '3 hours'").await;
    if without_redis {
        shop.app.redis.as_mut().expect("its own Redis").kill();
    }
    shop.standin.heal();
    let another = shop.app.sample.order.clone();
    // It takes some 15 s. All scenarios share the machine, so the bound is far off.
    eventually_every(Duration::from_millis(500), "the event takes effect", Duration::from_secs(400), || async {
        shop.app.client.order(&another).await.expect(200);
        (shop.events("applied").await == 1).then_some(())
    })
    .await;
    assert_eq!(shop.money(&order).await["paymentStatus"], "paid");
}

#[tokio::test]
async fn an_event_that_waits_takes_effect_while_nothing_but_orders_is_read() {
    a_read_is_enough(App::private(), false).await;
}

#[tokio::test]
async fn so_it_does_if_each_instance_serves_one_request() {
    a_read_is_enough(App::private().without_reuse(), false).await;
}

#[tokio::test]
async fn so_it_does_without_redis() {
    a_read_is_enough(App::private().without_reuse().own_redis(), true).await;
}

#[tokio::test]
async fn probes_alone_keep_jobs_going() {
    let Some(app) = App::private().jobs().spawn().await else { return };
    every_job_has_run(&app).await;
}

#[tokio::test]
async fn so_does_a_scrape() {
    let Some(app) = App::private().jobs().spawn().await else { return };
    eventually("a job has run", SOON, || async {
        app.client.root("/metrics").await.expect(200);
        (app.psql_value("SELECT count(last_run)::text FROM jobs").await != "0").then_some(())
    })
    .await;
}

#[tokio::test]
async fn nobody_calls_jobs_unless_the_app_knows_its_address() {
    let Some(app) = App::private().spawn().await else { return };
    let before = app.statements().await;
    let path = format!("/orders/{}", app.sample.order);
    eventually("certificates were given", SOON, || async {
        app.client.get(&path).await.expect(200);
        app.client.health().await.expect(200);
        (app.statements().await.renewals_since(&before) >= 3).then_some(())
    })
    .await;
    assert_eq!(app.psql_value("SELECT max(fence)::text FROM jobs").await, "0");
}

#[tokio::test]
async fn a_tick_needs_no_token_carries_out_what_is_due_and_does_nothing_twice() {
    let Some(shop) = shop_like(App::private()).await else { return };
    let app = &shop.app;
    let mut ran = Vec::new();
    for component in COMPONENTS {
        ran.extend(ticked(app, component).await);
        assert_eq!(ticked(app, component).await, [], "{component}");
    }
    ran.sort();
    let jobs = [
        "expire-stock",
        "prune",
        "reconcile-paypal",
        "reconcile-stripe",
        "redrive",
        "refunds",
        "stock-holds",
        "sweep",
        "warm",
    ];
    assert_eq!(ran, jobs.map(|name| (name.to_owned(), "done".to_owned())));
    for job in app.operator().jobs().await.expect(200).items() {
        let as_expected = job["lastRun"].is_string() && job["failures"] == 0 && job["overdue"] == false;
        assert!(as_expected && job["running"] == false && job["result"].is_object(), "{job}");
    }
    let named = app.client.request(reqwest::Method::POST, "/jobs/webhook-dedup/tick?x=1");
    app.client.send(named).await.expect_problem_naming(400, "x");
    app.client.jobs().await.expect_problem(403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_ticks_at_once_carry_out_a_job_once() {
    let Some(shop) = shop_like(App::private()).await else { return };
    let (order, event) = paid_at_paypal(&shop).await;
    waits(&shop, &event).await;
    shop.standin.heal();
    // The first tick is still at work when the others come.
    shop.standin.fail(Fault::new(FaultKind::Delay(Duration::from_secs(1))).on("/v2/payments/captures/"));
    let before = shop.standin.count("GET /v2/payments/captures/");
    only(&shop.app, "redrive").await;
    shop.app.psql("UPDATE webhook_events SET next_attempt_at = now()").await;
    let (one, two, three) = tokio::join!(
        ticked(&shop.app, "webhook-dedup"),
        ticked(&shop.app, "webhook-dedup"),
        ticked(&shop.app, "webhook-dedup")
    );
    assert_eq!([one, two, three].concat(), [("redrive".to_owned(), "done".to_owned())]);
    assert_eq!(shop.standin.count("GET /v2/payments/captures/") - before, 1, "PayPal was asked once");
    assert_eq!(shop.money(&order).await["paymentStatus"], "paid");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_whose_instance_is_killed_is_taken_up_when_its_lease_ends() {
    let Some(mut shop) = shop_like(App::private().variable("payment_timeout_ms", "20000")).await else { return };
    let (order, event) = paid_at_paypal(&shop).await;
    waits(&shop, &event).await;
    shop.standin.heal();
    shop.standin.fail(Fault::new(FaultKind::Hang).on("/v2/payments/captures/").times(1));
    let before = shop.standin.count("GET /v2/payments/captures/");
    only(&shop.app, "redrive").await;
    shop.app.psql("UPDATE webhook_events SET next_attempt_at = now()").await;
    let client = shop.app.client.anonymous();
    let request = client.request(reqwest::Method::POST, "/jobs/webhook-dedup/tick");
    let tick = tokio::spawn(async move { client.try_send(request).await.is_ok() });
    eventually("the job is at work", SOON, || async {
        (shop.standin.count("GET /v2/payments/captures/") > before).then_some(())
    })
    .await;
    shop.app.server.as_mut().expect("its own server").kill();
    assert!(!tick.await.expect("the tick ended"), "its server was killed");
    shop.app.server.as_mut().expect("its own server").restart().await;
    assert_eq!(ticked(&shop.app, "webhook-dedup").await, [], "its lease lasts");
    assert_eq!(shown(&shop.app, "redrive").await["running"], true);
    shop.app.psql("UPDATE jobs SET leased_until = leased_until - interval '31 seconds'").await;
    shop.app.psql("UPDATE webhook_events SET next_attempt_at = next_attempt_at - interval '61 seconds'").await;
    assert_eq!(ticked(&shop.app, "webhook-dedup").await, [("redrive".to_owned(), "done".to_owned())]);
    assert_eq!(shop.money(&order).await["paymentStatus"], "paid");
}

#[tokio::test]
async fn an_event_that_never_came_is_found_within_the_hour() {
    let Some(shop) = shop_like(App::private()).await else { return };
    // Both lists were gone through just now.
    ticked(&shop.app, "webhook-dedup").await;
    let mut orders = Vec::new();
    for provider in Provider::ALL {
        let order = shop.order().await;
        shop.standin.pay_directly(&Payment::new(provider, &order.id, &order.total, &order.currency));
        orders.push(order);
    }
    assert_eq!(ticked(&shop.app, "webhook-dedup").await, []);
    let hour = "interval '61 minutes'";
    shop.app.psql(&format!("UPDATE jobs SET next_run = next_run - {hour}, last_run = last_run - {hour}")).await;
    let ran = ticked(&shop.app, "webhook-dedup").await;
    assert!(ran.iter().all(|(_, outcome)| outcome != "failed"), "{ran:?}");
    for order in orders {
        assert_eq!(shop.money(&order).await["paymentStatus"], "paid");
    }
    assert!(shown(&shop.app, "reconcile-paypal").await["result"]["missing"].as_i64() > Some(0));
}

#[tokio::test]
async fn a_job_that_fails_says_so_and_is_tried_again() {
    let Some(shop) = shop_like(App::private()).await else { return };
    only(&shop.app, "reconcile-stripe").await;
    shop.standin.fail(Fault::new(FaultKind::Status(503)).on("/v1/events"));
    let failed = [("reconcile-stripe".to_owned(), "failed".to_owned())];
    assert_eq!(ticked(&shop.app, "webhook-dedup").await, failed);
    let job = shown(&shop.app, "reconcile-stripe").await;
    assert_eq!((&job["failures"], &job["result"]), (&json!(1), &json!({"error": "unavailable"})));
    let metrics = Metrics::parse(&shop.app.client.root("/metrics").await.expect(200).text()).expect("metrics");
    let of = |name: &str| metrics.value(&format!("edge_orders_jobs_{name}"), &[]);
    assert_eq!((of("failing"), of("overdue")), (Some(1.0), Some(0.0)));
    shop.standin.heal();
    only(&shop.app, "reconcile-stripe").await;
    assert_eq!(ticked(&shop.app, "webhook-dedup").await, [("reconcile-stripe".to_owned(), "done".to_owned())]);
}
