//! Redis is never the reason that a read fails or waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use e2e::{App, SOON, eventually};
use serde_json::json;

/// Readers that count answers. They fail at the first that is not 200 or that takes seconds.
struct Load {
    answers: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
    readers: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    fn start(app: &App) -> Load {
        let (answers, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let paths = crate::cached_reads(&app.sample);
        let readers = (0..8)
            .map(|reader| {
                let (client, answers, over, paths) = (app.client.clone(), answers.clone(), over.clone(), paths.clone());
                tokio::spawn(async move {
                    let mut at = reader;
                    while !over.load(Ordering::SeqCst) {
                        let began = Instant::now();
                        client.get(&paths[at % paths.len()]).await.expect(200);
                        assert!(began.elapsed() < SOON, "{} took {:?}", paths[at % paths.len()], began.elapsed());
                        answers.fetch_add(1, Ordering::SeqCst);
                        at += 1;
                    }
                })
            })
            .collect();
        Load { answers, over, readers }
    }

    /// Waits for so many more answers.
    async fn more(&self, count: usize) {
        let goal = self.answers.load(Ordering::SeqCst) + count;
        eventually("the readers go on", SOON, || async {
            assert!(!self.readers.iter().any(tokio::task::JoinHandle::is_finished), "a reader failed");
            (self.answers.load(Ordering::SeqCst) >= goal).then_some(())
        })
        .await;
    }

    async fn end(self) {
        self.over.store(true, Ordering::SeqCst);
        for reader in self.readers {
            reader.await.expect("only 200s");
        }
    }
}

async fn only_200s_while(fault: impl AsyncFn(&mut App), repair: impl AsyncFn(&mut App)) {
    let Some(mut app) = App::private().own_redis().spawn().await else { return };
    let order = format!("/orders/{}", app.sample.order);
    app.warm(&order).await;
    let load = Load::start(&app);
    load.more(200).await;
    fault(&mut app).await;
    load.more(400).await;
    let bypass = app.client.get(&order).await.expect(200);
    assert!(bypass.header("cache-status").contains("fwd=bypass"), "{}", bypass.header("cache-status"));
    repair(&mut app).await;
    app.warm(&order).await;
    load.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_redis_costs_no_answer() {
    only_200s_while(
        async |app| app.redis.as_mut().expect("an own Redis").kill(),
        async |app| app.redis.as_mut().expect("an own Redis").restart().await,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hung_redis_costs_no_answer() {
    only_200s_while(
        async |app| app.redis.as_ref().expect("an own Redis").hang(),
        async |app| app.redis.as_ref().expect("an own Redis").resume(),
    )
    .await;
}

#[tokio::test]
async fn a_write_without_redis_is_done_and_never_read_stale_after_it_is_back() {
    let Some(mut app) = App::private().own_redis().spawn().await else { return };
    let order = app.new_order_id().await;
    let path = format!("/orders/{order}");
    app.warm(&path).await;
    app.redis.as_ref().expect("an own Redis").hang();
    // The entry is still in there when Redis goes on.
    let version = app.client.patch(&order, json!({"notes": "while it hung"})).await.expect(200).version();
    app.redis.as_ref().expect("an own Redis").resume();
    for _ in 0..50 {
        assert!(app.client.order(&order).await.expect(200).version() >= version);
    }
    app.warm(&path).await;
    app.redis.as_mut().expect("an own Redis").kill();
    let version = app.client.patch(&order, json!({"notes": "while it was dead"})).await.expect(200).version();
    app.redis.as_mut().expect("an own Redis").restart().await;
    for _ in 0..50 {
        assert!(app.client.order(&order).await.expect(200).version() >= version);
    }
}

#[tokio::test]
async fn a_flushed_redis_is_filled_again() {
    let Some(app) = App::private().own_redis().spawn().await else { return };
    let path = format!("/orders/{}", app.sample.order);
    let before = app.warm(&path).await;
    let client = redis::Client::open(app.redis_url.as_str()).expect("an address");
    let mut connection = client.get_multiplexed_async_connection().await.expect("Redis answers");
    redis::cmd("FLUSHALL").exec_async(&mut connection).await.expect("FLUSHALL");
    assert_eq!(app.client.get(&path).await.expect(200).body, before.body);
    assert_eq!(app.warm(&path).await.body, before.body);
}

#[tokio::test]
async fn a_damaged_entry_is_a_miss() {
    let Some(app) = App::private().own_redis().spawn().await else { return };
    let path = format!("/orders/{}", app.sample.order);
    let before = app.warm(&path).await;
    let client = redis::Client::open(app.redis_url.as_str()).expect("an address");
    let mut connection = client.get_multiplexed_async_connection().await.expect("Redis answers");
    let keys: Vec<String> =
        redis::cmd("KEYS").arg(format!("{}order:*", app.prefix())).query_async(&mut connection).await.expect("KEYS");
    assert!(!keys.is_empty());
    for damage in ["", "x", "\u{1}\u{2}\u{3}", "{\"id\":1}"] {
        for key in &keys {
            redis::cmd("SET").arg(key).arg(damage).exec_async(&mut connection).await.expect("SET");
        }
        assert_eq!(app.client.get(&path).await.expect(200).body, before.body, "{damage:?}");
        app.warm(&path).await;
    }
}

#[tokio::test]
async fn a_generation_or_a_lease_that_is_none_is_replaced_by_the_next_read() {
    let Some(app) = App::private().own_redis().spawn().await else { return };
    let path = format!("/orders/{}", app.sample.order);
    app.warm(&path).await;
    let client = redis::Client::open(app.redis_url.as_str()).expect("an address");
    let mut connection = client.get_multiplexed_async_connection().await.expect("Redis answers");
    let generations: Vec<String> = redis::cmd("KEYS")
        .arg(format!("{}gen:order:*", app.prefix()))
        .query_async(&mut connection)
        .await
        .expect("KEYS");
    let entries: Vec<String> =
        redis::cmd("KEYS").arg(format!("{}order:*", app.prefix())).query_async(&mut connection).await.expect("KEYS");
    assert!(!generations.is_empty() && !entries.is_empty());
    for damage in
        [&["SET", "short"][..], &["SET", ""], &["RPUSH", "an element"], &["SET", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"]]
    {
        for key in &generations {
            redis::cmd("DEL").arg(key).exec_async(&mut connection).await.expect("DEL");
            redis::cmd(damage[0]).arg(key).arg(damage[1]).exec_async(&mut connection).await.expect("damage");
        }
        let answer = app.client.get(&path).await.expect(200);
        assert!(!answer.header("cache-status").contains("bypass"), "{damage:?}: {}", answer.header("cache-status"));
        app.warm(&path).await;
    }
    for key in &entries {
        redis::cmd("DEL").arg(key).exec_async(&mut connection).await.expect("DEL");
        redis::cmd("SET")
            .arg(format!("{key}:lock"))
            .arg("without an end")
            .exec_async(&mut connection)
            .await
            .expect("SET");
    }
    let answer = app.client.get(&path).await.expect(200);
    assert!(!answer.header("cache-status").contains("bypass"), "{}", answer.header("cache-status"));
}

#[tokio::test]
async fn a_claim_that_does_not_end_is_taken_over() {
    let Some(app) = App::private().own_redis().spawn().await else { return };
    let path = format!("/orders/{}", app.sample.order);
    app.warm(&path).await;
    let client = redis::Client::open(app.redis_url.as_str()).expect("an address");
    let mut connection = client.get_multiplexed_async_connection().await.expect("Redis answers");
    for (command, arguments) in [("SET", "without an end"), ("RPUSH", "an element")] {
        redis::cmd("FLUSHALL").exec_async(&mut connection).await.expect("FLUSHALL");
        let claim = format!("{}cache:claim", app.prefix());
        redis::cmd(command).arg(claim).arg(arguments).exec_async(&mut connection).await.expect("a foreign claim");
        app.warm(&path).await;
    }
}

#[tokio::test]
async fn two_databases_on_one_cache_are_never_mixed_up() {
    let Some(app) = App::private().own_redis().spawn().await else { return };
    let copy = App::private().variable("redis_url", &app.redis_url).variable("key_prefix", app.prefix());
    let Some(copy) = copy.spawn().await else { return };
    let path = format!("/orders/{}", app.sample.order);
    for (server, notes) in [(&app, "the original"), (&copy, "the copy")] {
        server.client.patch(&app.sample.order, serde_json::json!({ "notes": notes })).await.expect(200);
    }
    for _ in 0..20 {
        for (server, notes) in [(&app, "the original"), (&copy, "the copy")] {
            assert_eq!(server.client.get(&path).await.expect(200).json()["notes"], notes);
        }
    }
}

#[tokio::test]
async fn the_log_has_a_few_warnings_not_one_per_request() {
    let Some(mut app) = App::private().own_redis().spawn().await else { return };
    let path = format!("/orders/{}", app.sample.order);
    app.warm(&path).await;
    let before = app.log().lines().count();
    app.redis.as_mut().expect("an own Redis").kill();
    for _ in 0..200 {
        app.client.get(&path).await.expect(200);
    }
    let lines = app.log().lines().count() - before;
    assert!(lines < 20, "{lines} lines in the log for 200 requests without Redis");
}
