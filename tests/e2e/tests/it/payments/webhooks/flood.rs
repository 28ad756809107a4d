//! A flood of forged deliveries costs few fetches, and genuine ones are answered all the while.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use e2e::{App, SOON, eventually};
use standin::{Provider, SignedDelivery, Signing};
use tokio::task::JoinHandle;

use super::{deliver, ok, order, pay, payment_status, shop_like};

/// Many senders of forged deliveries, each with a certificate URL of its own, until it is ended.
struct Flood {
    over: Arc<AtomicBool>,
    sent: Arc<AtomicUsize>,
    clients: Vec<JoinHandle<()>>,
}

impl Flood {
    fn begin(app: &App, model: &SignedDelivery, certificates: bool) -> Flood {
        let (over, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let base = app.standin().base_url().to_owned();
        let clients = (0..16)
            .map(|_| {
                let (client, model, base) = (app.client.clone(), model.clone(), base.clone());
                let (over, sent) = (over.clone(), sent.clone());
                tokio::spawn(async move {
                    while !over.load(Ordering::SeqCst) {
                        let id = uuid::Uuid::new_v4().to_string();
                        let mut forged = model.clone().with("PayPal-Transmission-Id", &id);
                        if certificates {
                            forged =
                                forged.with("PayPal-Cert-Url", &format!("{base}/v1/notifications/certs/CERT-{id}"));
                        }
                        let (status, told) = deliver(&client, &forged).await;
                        assert!(matches!(status, 400 | 503), "{status} {told}");
                        sent.fetch_add(1, Ordering::SeqCst);
                    }
                })
            })
            .collect();
        Flood { over, sent, clients }
    }

    async fn more(&self, count: usize) {
        let goal = self.sent.load(Ordering::SeqCst) + count;
        eventually("the flood goes on", SOON, || async { (self.sent.load(Ordering::SeqCst) >= goal).then_some(()) })
            .await;
    }

    async fn end(self) {
        self.over.store(true, Ordering::SeqCst);
        for client in self.clients {
            client.await.expect("only 400 and 503");
        }
    }
}

fn fetches(app: &App) -> usize {
    app.standin().count("GET /v1/notifications/certs/")
}

/// Delivers again until it is accepted, as the provider would.
async fn accepted(app: &App, signed: &SignedDelivery) {
    eventually("the genuine event is accepted", SOON, || async {
        let (status, told) = deliver(&app.client, signed).await;
        assert!(matches!(status, 200 | 503), "{status} {told}");
        (status == 200).then_some(())
    })
    .await;
}

async fn genuine_ones_are_answered_in_a_flood(app: &App, before: impl AsyncFn(&App)) {
    let first = order(app).await;
    let event = pay(app, Provider::PayPal, &first);
    let signed = app.standin().signed(&event.id);
    before(app).await;
    let began = Instant::now();
    let fetched = fetches(app);
    let flood = Flood::begin(app, &signed, true);
    flood.more(300).await;
    accepted(app, &signed).await;
    assert_eq!(payment_status(app, &first).await, "paid");
    flood.more(100).await;
    let second = order(app).await;
    accepted(app, &app.standin().signed(&pay(app, Provider::PayPal, &second).id)).await;
    assert_eq!(payment_status(app, &second).await, "paid");
    flood.end().await;
    // The window slides, so there are no more than ten within a minute.
    let most = 10 * (1 + began.elapsed().as_secs() as usize / 60);
    assert!(fetches(app) - fetched <= most, "{} fetches in {:?}", fetches(app) - fetched, began.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_doesnt_reach_a_known_certificate() {
    let Some(app) = shop_like(App::private().own_redis()).await else { return };
    genuine_ones_are_answered_in_a_flood(&app, async |app| {
        let order = order(app).await;
        accepted(app, &app.standin().signed(&pay(app, Provider::PayPal, &order).id)).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_before_the_first_genuine_delivery_leaves_it_a_fetch() {
    let Some(app) = shop_like(App::private().own_redis()).await else { return };
    genuine_ones_are_answered_in_a_flood(&app, async |_| {}).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_after_redis_lost_its_data_doesnt_reach_a_certificate_that_had_passed() {
    let Some(app) = shop_like(App::private().own_redis()).await else { return };
    genuine_ones_are_answered_in_a_flood(&app, async |app| {
        let order = order(app).await;
        accepted(app, &app.standin().signed(&pay(app, Provider::PayPal, &order).id)).await;
        flush(app).await;
    })
    .await;
}

async fn flush(app: &App) {
    let client = redis::Client::open(app.redis_url.as_str()).expect("an address");
    let mut connection = client.get_multiplexed_async_connection().await.expect("Redis answers");
    redis::cmd("FLUSHALL").exec_async(&mut connection).await.expect("FLUSHALL");
}

/// The flood has used up the fetches. A certificate that has passed once needs none, even if Redis
/// has lost it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_losing_its_data_in_a_flood_delays_no_certificate_that_had_passed() {
    let Some(app) = shop_like(App::private().own_redis()).await else { return };
    let first = order(&app).await;
    let signed = app.standin().signed(&pay(&app, Provider::PayPal, &first).id);
    accepted(&app, &signed).await;
    let flood = Flood::begin(&app, &signed, true);
    for _ in 0..5 {
        flood.more(100).await;
        flush(&app).await;
        flood.more(50).await;
        let order = order(&app).await;
        let genuine = app.standin().signed(&pay(&app, Provider::PayPal, &order).id);
        let (status, told) = deliver(&app.client, &genuine).await;
        assert_eq!(status, 200, "at the first try: {told}");
    }
    flood.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_the_limit_of_fetches_holds_in_postgres() {
    let Some(mut app) = shop_like(App::private().own_redis()).await else { return };
    let first = order(&app).await;
    accepted(&app, &app.standin().signed(&pay(&app, Provider::PayPal, &first).id)).await;
    let second = order(&app).await;
    let signed = app.standin().signed(&pay(&app, Provider::PayPal, &second).id);
    app.redis.as_mut().expect("an own Redis").kill();
    let (began, fetched) = (Instant::now(), fetches(&app));
    let flood = Flood::begin(&app, &signed, true);
    flood.more(300).await;
    accepted(&app, &signed).await;
    flood.end().await;
    let most = 10 * (1 + began.elapsed().as_secs() as usize / 60);
    assert!(fetches(&app) - fetched <= most, "{} fetches", fetches(&app) - fetched);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_in_the_name_of_the_genuine_certificate_costs_no_fetch() {
    let Some(app) = shop_like(App::private().own_redis()).await else { return };
    let first = order(&app).await;
    let event = pay(&app, Provider::PayPal, &first);
    let forged = app.standin().sign(Provider::PayPal, &event.body, &Signing { wrong_key: true, ..Signing::default() });
    let flood = Flood::begin(&app, &forged, false);
    flood.more(300).await;
    assert_eq!(deliver(&app.client, &app.standin().signed(&event.id)).await, ok("processed"));
    flood.end().await;
    assert_eq!(fetches(&app), 1);
    assert_eq!(payment_status(&app, &first).await, "paid");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flooded_server_knows_the_databases_certificates_after_redis_lost_its_data() {
    let Some(app) = shop_like(App::private().own_redis()).await else { return };
    let first = order(&app).await;
    let signed = app.standin().signed(&pay(&app, Provider::PayPal, &first).id);
    accepted(&app, &signed).await;
    let (_server, flooded) = app.another_server().await;
    let base = app.standin().base_url().to_owned();
    let flood = async || {
        for _ in 0..30 {
            let url = format!("{base}/v1/notifications/certs/CERT-{}", uuid::Uuid::new_v4());
            let forged = signed.clone().with("PayPal-Transmission-Id", &uuid::Uuid::new_v4().to_string());
            assert!(matches!(deliver(&flooded, &forged.with("PayPal-Cert-Url", &url)).await.0, 400 | 503));
        }
    };
    flood().await;
    let client = redis::Client::open(app.redis_url.as_str()).expect("an address");
    let mut connection = client.get_multiplexed_async_connection().await.expect("Redis answers");
    redis::cmd("FLUSHALL").exec_async(&mut connection).await.expect("FLUSHALL");
    flood().await;
    let fetched = fetches(&app);
    let second = order(&app).await;
    let signed = app.standin().signed(&pay(&app, Provider::PayPal, &second).id);
    assert_eq!(deliver(&flooded, &signed).await, ok("processed"), "no fetch is free");
    assert_eq!(fetches(&app), fetched);
}
