//! What the app does while Redis is away: reads share their loads and wait in a bounded queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use e2e::{Answer, App, Private, SOON, eventually};
use futures_util::future::join_all;
use kit::database::connect;
use serde_json::json;

/// A server whose instances take all requests at once, so that one instance has to cope.
fn crowded() -> Private {
    App::private().own_redis().all_in_one_instance()
}

/// A 503 that names a time to come again and says why.
fn is_orderly(answer: &Answer) -> bool {
    let later = answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0);
    let problem = answer.header("content-type") == "application/problem+json";
    answer.status == 503 && later && problem
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_thousand_reads_at_once_each_is_right_or_told_to_come_again() {
    const READS: usize = 1_000;
    let Some(mut app) = App::private().own_redis().spawn().await else { return };
    let mut orders = Vec::new();
    for _ in 0..10 {
        orders.push((app.new_order_id().await, Arc::new(AtomicI64::new(1))));
    }
    app.warm(&format!("/orders/{}", orders[0].0)).await;
    app.redis.as_mut().expect("an own Redis").kill();
    let writers = orders.iter().take(3).cloned().map(|(order, acknowledged)| {
        let client = app.client.clone();
        tokio::spawn(async move {
            for round in 0..3 {
                let answer = client.patch(&order, json!({ "notes": format!("round {round}") })).await;
                if answer.status == 200 {
                    acknowledged.fetch_max(answer.version(), Ordering::SeqCst);
                }
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    let reads = (0..READS).map(|number| {
        let (client, (order, acknowledged)) = (app.client.clone(), orders[number % orders.len()].clone());
        tokio::spawn(async move {
            let due = acknowledged.load(Ordering::SeqCst);
            let answer = client.order(&order).await;
            if answer.status == 200 {
                assert!(answer.version() >= due, "{} shows {} after {due}", answer.request, answer.version());
                assert_eq!(answer.json()["id"], order);
                return true;
            }
            assert!(is_orderly(&answer), "{}: {}", answer.status, answer.text());
            false
        })
    });
    let answers = join_all(reads.collect::<Vec<_>>()).await;
    let right = answers.into_iter().filter(|answer| *answer.as_ref().expect("right, or an orderly 503")).count();
    assert!(right > 0, "some are answered");
    for writer in writers {
        writer.await.expect("the writer");
    }
    for (order, acknowledged) in &orders {
        let seen = app.client.order(order).await.expect(200).version();
        assert!(seen >= acknowledged.load(Ordering::SeqCst));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_of_one_order_share_its_loads() {
    const READERS: usize = 12;
    let Some(mut app) = crowded().variable("postgres_timeout_ms", "60000").spawn().await else { return };
    let order = app.new_order_id().await;
    app.redis.as_mut().expect("an own Redis").kill();
    app.client.order(&order).await.expect(200);
    let before = app.statements().await;
    let holder = connect(app.database_url()).await;
    holder.batch_execute("BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE").await.expect("the lock");
    let reader = || {
        let (client, order) = (app.client.clone(), order.clone());
        tokio::spawn(async move { client.order(&order).await })
    };
    let waiting = || async {
        let sql = "SELECT count(*)::text FROM pg_stat_activity
                   WHERE datname = current_database() AND wait_event_type = 'Lock' AND query ~ 'order_get'";
        app.psql_value(sql).await.parse::<usize>().expect("a number")
    };
    let mut readers = vec![reader()];
    eventually("a load waits for the lock", SOON, || async { (waiting().await > 0).then_some(()) }).await;
    // One after the other: of many at the same moment the runtime makes many instances.
    for _ in 1..READERS {
        readers.push(reader());
        let loads = waiting().await;
        assert!(loads <= READERS / 2, "{loads} loads for {} readers", readers.len());
    }
    holder.batch_execute("COMMIT").await.expect("COMMIT");
    for reader in readers {
        reader.await.expect("an answer").expect(200);
    }
    let loads = app.statements().await.since(&before).iter().filter(|text| text.contains("order_get")).count();
    assert!(loads <= READERS / 2, "{loads} loads for {READERS} readers");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_beyond_the_queue_gets_503_at_once() {
    let bounds = crowded().variable("postgres_loads", "1").variable("postgres_queue", "2");
    let Some(mut app) = bounds.variable("postgres_timeout_ms", "60000").spawn().await else { return };
    let mut orders = Vec::new();
    for _ in 0..30 {
        orders.push(app.new_order_id().await);
    }
    app.redis.as_mut().expect("an own Redis").kill();
    app.client.order(&orders[0]).await.expect(200);
    let holder = connect(app.database_url()).await;
    holder.batch_execute("BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE").await.expect("the lock");
    let (told, mut refusals) = tokio::sync::mpsc::unbounded_channel();
    let (mut readers, mut refused) = (Vec::new(), false);
    // One after the other, until one is refused: of many at the same moment the runtime makes many
    // instances. While the table is locked no read is answered otherwise.
    for order in &orders {
        let (client, told, order) = (app.client.clone(), told.clone(), order.clone());
        readers.push(tokio::spawn(async move {
            let answer = client.order(&order).await;
            if answer.status == 200 {
                return;
            }
            assert!(is_orderly(&answer), "{}: {}", answer.status, answer.text());
            let problem = answer.json();
            assert_eq!(problem["detail"], "too many reads wait for the database", "{problem}");
            let _ = told.send(());
        }));
        refused = tokio::time::timeout(Duration::from_millis(200), refusals.recv()).await.is_ok();
        if refused {
            break;
        }
    }
    assert!(refused, "none of {} readers was refused", readers.len());
    holder.batch_execute("COMMIT").await.expect("COMMIT");
    for reader in readers {
        reader.await.expect("200, or an orderly 503");
    }
    for order in &orders {
        app.client.order(order).await.expect(200);
    }
}
