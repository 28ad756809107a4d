//! The example over HTTP: never stale, with Redis and without.

use std::time::{Duration, Instant};

use e2e::{RedisProcess, SOON};
use kit::eventually;
use serde_json::Value;

use crate::database::{Database, with_outbox};
use crate::packaged::{root, todo};
use crate::served::Served;

/// The example with a database and a Redis of its own; both end with it.
struct Todo {
    db: Database,
    redis: RedisProcess,
    _host: Served,
    base_url: String,
}

/// An answer of the example.
struct Answer {
    status: u16,
    cache_status: String,
    body: String,
}

impl Answer {
    fn is_hit(&self) -> bool {
        self.cache_status.starts_with("todo; hit")
    }

    /// The titles of a list's items.
    fn titles(&self) -> Vec<String> {
        assert_eq!(self.status, 200, "{}", self.body);
        let list: Value = serde_json::from_str(&self.body).expect("JSON");
        let items = list["items"].as_array().expect("items");
        items.iter().map(|item| item["title"].as_str().expect("a title").to_owned()).collect()
    }
}

impl Todo {
    /// Starts it, with list 1 in the database.
    async fn start() -> Self {
        let manifest = todo();
        let (db, redis) = (with_outbox().await, RedisProcess::start().await);
        db.run(&std::fs::read_to_string(root().join("examples/todo/todo.sql")).expect("todo.sql")).await;
        db.run("INSERT INTO todo.lists (name) VALUES ('home')").await;
        let host = Served::start(manifest, &redis.url(), &db.url(), &[]).await;
        Self { db, redis, base_url: host.base_url(), _host: host }
    }

    async fn list(&self, id: u32) -> Answer {
        self.send(reqwest::Client::new().get(format!("{}/lists/{id}", self.base_url))).await
    }

    async fn add(&self, id: u32, title: &str) -> Answer {
        let url = format!("{}/lists/{id}/items", self.base_url);
        self.send(reqwest::Client::new().post(url).body(title.to_owned())).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.expect("an answer");
        let cache_status = response.headers().get("cache-status");
        Answer {
            status: response.status().as_u16(),
            cache_status: cache_status.map_or("", |value| value.to_str().expect("text")).to_owned(),
            body: response.text().await.expect("a body"),
        }
    }

    /// Reads list 1 until the cache answers.
    async fn warm(&self) -> Answer {
        eventually("a hit", SOON, || async {
            let answer = self.list(1).await;
            answer.is_hit().then_some(answer)
        })
        .await
    }
}

#[tokio::test]
async fn a_list_is_a_miss_then_a_hit_and_new_after_each_write() {
    let todo = Todo::start().await;
    let first = todo.list(1).await;
    assert_eq!((first.cache_status.as_str(), first.titles().len()), ("todo; fwd=miss; stored", 0));
    assert!(todo.warm().await.titles().is_empty());
    for count in 1..=20 {
        let added = todo.add(1, &format!("item {count}")).await;
        assert_eq!((added.status, added.body.contains(&format!("item {count}"))), (201, true));
        assert_eq!(todo.list(1).await.titles().len(), count, "read after the write");
    }
    assert_eq!(todo.warm().await.titles().len(), 20);
}

#[tokio::test]
async fn a_change_by_psql_is_seen_within_a_second() {
    let todo = Todo::start().await;
    todo.add(1, "milk").await;
    for title in ["bread", "salt", "soap"] {
        todo.warm().await;
        todo.db.run(&format!("UPDATE todo.items SET title = '{title}'")).await;
        eventually("the new title is seen", Duration::from_millis(1100), || async {
            (todo.list(1).await.titles() == [title]).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn an_item_that_moves_changes_both_lists() {
    let todo = Todo::start().await;
    todo.db.run("INSERT INTO todo.lists (name) VALUES ('shop')").await;
    todo.add(1, "milk").await;
    assert_eq!((todo.list(1).await.titles().len(), todo.list(2).await.titles().len()), (1, 0));
    todo.db.run("UPDATE todo.items SET list_id = 2").await;
    eventually("both are seen", Duration::from_millis(1100), || async {
        let lists = (todo.list(1).await.titles().len(), todo.list(2).await.titles().len());
        (lists == (0, 1)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_list_that_isnt_there_is_404_and_there_as_soon_as_it_is_made() {
    let todo = Todo::start().await;
    for _ in 0..3 {
        assert_eq!((todo.list(2).await.status, todo.add(2, "milk").await.status), (404, 404));
    }
    todo.db.run("INSERT INTO todo.lists (name) VALUES ('shop')").await;
    assert_eq!(todo.list(2).await.status, 200);
}

#[tokio::test]
async fn without_redis_all_is_answered_and_with_it_again_nothing_is_old() {
    let mut todo = Todo::start().await;
    todo.add(1, "milk").await;
    todo.warm().await;
    todo.redis.kill();
    let read = todo.list(1).await;
    assert_eq!((read.is_hit(), read.titles()), (false, vec!["milk".to_owned()]), "{}", read.cache_status);
    let begun = Instant::now();
    assert_eq!(todo.add(1, "bread").await.status, 201);
    assert!(begun.elapsed() < SOON, "the write took {:?}", begun.elapsed());
    assert_eq!(todo.list(1).await.titles(), ["milk", "bread"]);
    todo.redis.restart().await;
    todo.db.run("UPDATE todo.items SET title = 'salt' WHERE title = 'milk'").await;
    eventually("hits again", SOON, || async { todo.list(1).await.is_hit().then_some(()) }).await;
    assert_eq!(todo.list(1).await.titles(), ["salt", "bread"]);
}
