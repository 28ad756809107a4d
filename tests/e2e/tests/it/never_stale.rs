//! Once a mutation has been answered, no later read returns the old value.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use e2e::{App, Client};
use serde_json::{Value, json};

/// How many mutations each scenario makes while readers hammer.
const WRITES: i64 = 40;
const READERS: usize = 4;

/// One way to read a number that only grows.
type View = fn(Client, Names) -> std::pin::Pin<Box<dyn Future<Output = i64> + Send>>;

#[derive(Clone)]
struct Names {
    order: String,
    order_number: String,
    customer: String,
}

/// Readers that ask again and again. Every write that was acknowledged before a read began must
/// show in it.
struct Hammer {
    acknowledged: Arc<AtomicI64>,
    over: Arc<AtomicBool>,
    readers: Vec<tokio::task::JoinHandle<u64>>,
}

impl Hammer {
    fn start(app: &App, names: &Names, floor: i64, view: View) -> Hammer {
        let (acknowledged, over) = (Arc::new(AtomicI64::new(floor)), Arc::new(AtomicBool::new(false)));
        let readers = (0..READERS)
            .map(|_| {
                let (acknowledged, over, client, names) =
                    (acknowledged.clone(), over.clone(), app.client.clone(), names.clone());
                tokio::spawn(async move {
                    let mut reads = 0;
                    while !over.load(Ordering::SeqCst) {
                        let floor = acknowledged.load(Ordering::SeqCst);
                        let seen = view(client.clone(), names.clone()).await;
                        assert!(seen >= floor, "read {seen} after {floor} had been acknowledged");
                        reads += 1;
                    }
                    reads
                })
            })
            .collect();
        Hammer { acknowledged, over, readers }
    }

    fn acknowledge(&self, value: i64) {
        self.acknowledged.store(value, Ordering::SeqCst);
    }

    async fn end(self) {
        self.over.store(true, Ordering::SeqCst);
        for reader in self.readers {
            assert!(reader.await.expect("no reader saw an old value") > 0);
        }
    }
}

async fn names(app: &App) -> (Names, i64) {
    let order = app.new_order().await;
    let body = order.json();
    let text = |name: &str| body[name].as_str().unwrap_or_else(|| panic!("no {name} in {body}")).to_owned();
    (Names { order: text("id"), order_number: text("orderNumber"), customer: text("customerId") }, order.version())
}

fn version_in(items: &[Value], order: &str) -> i64 {
    let item = items.iter().find(|item| item["id"] == json!(order)).unwrap_or_else(|| panic!("{order} is not listed"));
    item["version"].as_i64().expect("a version")
}

async fn patches_show_in(view: View) {
    let app = App::spawn().await;
    let (names, version) = names(&app).await;
    let hammer = Hammer::start(&app, &names, version, view);
    for round in 0..WRITES {
        let change = json!({"notes": format!("round {round}")});
        hammer.acknowledge(app.client.patch(&names.order, change).await.expect(200).version());
    }
    hammer.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_patch_shows_in_the_order() {
    patches_show_in(|client, names| Box::pin(async move { client.order(&names.order).await.expect(200).version() }))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_patch_shows_in_the_list() {
    patches_show_in(|client, names| {
        Box::pin(async move {
            let found = client.orders(&format!("search={}", names.order_number)).await.expect(200);
            version_in(&found.items(), &names.order)
        })
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_patch_shows_in_the_customers_history() {
    patches_show_in(|client, names| {
        Box::pin(async move {
            version_in(&client.history(&names.customer, "page=1&size=5").await.expect(200).items(), &names.order)
        })
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_patch_shows_in_the_statuses() {
    patches_show_in(|client, names| {
        Box::pin(async move { version_in(&client.statuses(&[&names.order]).await.expect(200).items(), &names.order) })
    })
    .await;
}

async fn total(client: &Client) -> i64 {
    let stats = client.stats("").await.expect(200).json();
    stats["totalOrders"].as_i64().unwrap_or_else(|| panic!("no totalOrders in {stats}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_created_order_shows_in_statistics_list_and_history() {
    let app = App::spawn().await;
    let (names, _) = names(&app).await;
    let base = total(&app.client).await;
    let stats = Hammer::start(&app, &names, base, |client, _| Box::pin(async move { total(&client).await }));
    let listed = app.client.orders("limit=1").await.expect(200).json()["total"].as_i64().expect("a total");
    let list = Hammer::start(&app, &names, listed, |client, _| {
        Box::pin(async move { client.orders("limit=1").await.expect(200).json()["total"].as_i64().expect("a total") })
    });
    let known = app.client.history(&names.customer, "").await.expect(200).json()["total"].as_i64().expect("a total");
    let history = Hammer::start(&app, &names, known, |client, names| {
        Box::pin(async move {
            client.history(&names.customer, "").await.expect(200).json()["total"].as_i64().expect("a total")
        })
    });
    for created in 1..=WRITES {
        app.new_order().await;
        stats.acknowledge(base + created);
        list.acknowledge(listed + created);
        history.acknowledge(known + created);
    }
    stats.end().await;
    list.end().await;
    history.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_order_shows_nowhere() {
    let app = App::spawn().await;
    for _ in 0..10 {
        let (names, _) = names(&app).await;
        let deleted = Arc::new(AtomicBool::new(false));
        let readers: Vec<_> = (0..READERS)
            .map(|_| {
                let (client, names, deleted) = (app.client.clone(), names.clone(), deleted.clone());
                tokio::spawn(async move {
                    let mut after = 0;
                    while after < 3 {
                        let gone = deleted.load(Ordering::SeqCst);
                        let answer = client.order(&names.order).await;
                        assert!(
                            answer.status == 404 || (answer.status == 200 && !gone),
                            "{} after DELETE was answered",
                            answer.status
                        );
                        let listed = client.orders(&format!("search={}", names.order_number)).await.expect(200).items();
                        assert!(!gone || listed.is_empty(), "listed after DELETE was answered");
                        after += u32::from(gone);
                    }
                })
            })
            .collect();
        app.client.delete(&names.order).await.expect(204);
        deleted.store(true, Ordering::SeqCst);
        for reader in readers {
            reader.await.expect("no reader saw a deleted order");
        }
        for path in crate::views(&names.order) {
            app.client.get(&path).await.expect_problem(404);
        }
        assert_eq!(app.client.statuses(&[&names.order]).await.expect(200).json()["missing"], json!([names.order]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bulk_status_changes_show_in_every_order() {
    let app = App::spawn().await;
    let mut orders = Vec::new();
    for _ in 0..5 {
        orders.push(app.new_order_id().await);
    }
    let ids: Vec<&str> = orders.iter().map(String::as_str).collect();
    for status in ["confirmed", "processing", "shipped", "delivered"] {
        for id in &ids {
            app.client.order(id).await.expect(200);
        }
        app.client.set_statuses(&ids, status).await.expect(200);
        for id in &ids {
            assert_eq!(app.client.order(id).await.expect(200).json()["status"], status);
            assert_eq!(app.client.summary(id).await.expect(200).json()["status"], status);
        }
    }
}
