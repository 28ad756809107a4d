//! The server dies again and again while events come in. The provider delivers again, and that is
//! enough.

use std::time::Duration;

use standin::{Payment, Provider};
use tokio::task::JoinSet;

use super::shop::Shop;

/// The number of events; `PAYMENTS_DELIVERIES=1000` takes minutes.
fn how_many() -> usize {
    std::env::var("PAYMENTS_DELIVERIES").ok().and_then(|count| count.parse().ok()).unwrap_or(20)
}

/// Milliseconds from one event to the next.
const EVERY: u64 = 40;

/// Some time up to `most` milliseconds, another one in every run. Nothing is waited for, so a kill
/// comes at any moment.
async fn some_time(most: u128) {
    let drawn = uuid::Uuid::new_v4().as_u128() % most;
    tokio::time::sleep(Duration::from_millis(u64::try_from(drawn).expect("few"))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_survive_servers_that_are_killed_by_the_providers_patience_alone() {
    let Some(mut shop) = Shop::open().await else { return };
    shop.standin.automatic(false);
    shop.standin.retarget(|target| (target.attempts, target.longest_wait) = (1000, Duration::from_secs(2)));
    let (mut orders, mut happened) = (Vec::new(), Vec::new());
    for n in 0..how_many() {
        let (order, provider) = (shop.order().await, Provider::ALL[n % 2]);
        let paid = shop.standin.pay_directly(&Payment::new(provider, &order.id, &order.total, &order.currency));
        orders.push(order);
        happened.extend(paid.events);
    }
    // The killing begins before the first event is taken and ends before the last.
    let mut deliveries = JoinSet::new();
    for (n, event) in (0_u64..).zip(happened) {
        let standin = shop.standin.clone();
        deliveries.spawn(async move {
            tokio::time::sleep(Duration::from_millis(EVERY * n)).await;
            standin.deliver(&event).await.len()
        });
    }
    let (events, mut attempts) = (deliveries.len(), 0);
    let kills = (events / 20).max(3);
    for _ in 0..kills {
        some_time(2 * 20 * u128::from(EVERY)).await;
        let server = shop.app.server.as_mut().expect("an own server");
        server.kill();
        server.restart().await;
    }
    // The claims of the dead server are free again after half a minute.
    while let Some(done) = deliveries.join_next().await {
        attempts += done.expect("accepted in the end");
    }
    println!("{events} events, {attempts} deliveries, {kills} kills");
    assert_eq!(shop.events("received").await + shop.events("needs_review").await, 0, "none is lost, none is doubtful");
    for order in &orders {
        let money = shop.money(order).await;
        assert_eq!((&money["paymentStatus"], &money["paidAmount"]), (&"paid".into(), &order.total.clone().into()));
        assert_eq!(money["payments"].as_array().map(Vec::len), Some(1), "{money}");
    }
}
