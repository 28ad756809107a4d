//! Invoices and credit notes over HTTP.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use e2e::{App, Caller, Client, SOON};
use redis::AsyncCommands;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::new_key;

/// Requests at once.
const CLIENTS: usize = 50;

/// The number of invoices that are issued at once; `INVOICES=1000` takes minutes.
fn how_many() -> usize {
    std::env::var("INVOICES").ok().and_then(|count| count.parse().ok()).unwrap_or(200)
}

fn rate() -> Value {
    json!({"ronRate": "4.9766"})
}

fn id(json: &Value, name: &str) -> String {
    json[name].as_str().unwrap_or_else(|| panic!("no {name} in {json}")).to_owned()
}

/// Places so many orders in lei, past the server.
async fn place(app: &App, count: usize) -> Vec<String> {
    let sample = &app.sample;
    app.psql(&format!(
        "BEGIN; CREATE TEMP TABLE placed ON COMMIT DROP AS SELECT gen_random_uuid() AS id FROM generate_series(1, {count});
        INSERT INTO orders (id, organization_id, customer_id, currency, total_amount, notes) SELECT id, '{org}', '{customer}', 'RON', 9.99, 'placed' FROM placed;
        INSERT INTO order_items (order_id, organization_id, customer_id, position, sku, name, quantity, currency, unit_price)
        SELECT id, '{org}', '{customer}', 1, 'CUP', 'Cup', 1, 'RON', 9.99 FROM placed; COMMIT",
        org = sample.org,
        customer = sample.customer
    ))
    .await;
    let ids = app.psql_value("SELECT string_agg(id::text, ' ') FROM orders WHERE notes = 'placed'").await;
    ids.split(' ').map(str::to_owned).collect()
}

/// Issues one invoice, and asks again while a dependency is away. Gives its number.
async fn issue_until_done(client: &Client, order: &str) -> i64 {
    loop {
        let answer = client.issue_invoice(order, &json!({})).await;
        match answer.status {
            200 | 201 => return answer.json()["number"].as_i64().expect("a number"),
            503 => tokio::time::sleep(Duration::from_millis(50)).await,
            _ => panic!("{} {}", answer.status, answer.text()),
        }
    }
}

/// Numbers that many clients were given, while `strike` does something to Redis.
async fn numbers_are_without_a_gap(app: &mut App, strike: impl AsyncFnOnce(&mut App)) {
    let orders = place(app, how_many()).await;
    let series = format!("organization_id = '{}' AND kind = 'invoice'", app.sample.org);
    let next = format!("SELECT coalesce((SELECT next_number FROM invoice_series WHERE {series}), 1)::text");
    let first: i64 = app.psql_value(&next).await.parse().expect("a number");
    let waiting = Arc::new(Mutex::new(orders.clone()));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (client, waiting) = (app.client.clone(), waiting.clone());
            tokio::spawn(async move {
                let mut numbers = Vec::new();
                loop {
                    let order = waiting.lock().expect("nobody panicked").pop();
                    let Some(order) = order else { return numbers };
                    numbers.push(issue_until_done(&client, &order).await);
                }
            })
        })
        .collect();
    strike(app).await;
    let mut numbers = Vec::new();
    for client in clients {
        numbers.extend(client.await.expect("every invoice was issued"));
    }
    numbers.sort_unstable();
    let expected: Vec<i64> = (first..first + orders.len() as i64).collect();
    assert_eq!(numbers, expected, "no gap, none twice");
    let stored = format!(
        "SELECT count(*) || ' ' || count(DISTINCT number) || ' ' || bool_and(later) FROM (SELECT number, issue_date >= lag(issue_date, 1, issue_date)
            OVER (ORDER BY number) AND created_at > lag(created_at, 1, '-infinity') OVER (ORDER BY number) AS later
        FROM invoices WHERE organization_id = '{}' AND number >= {first}) AS n",
        app.sample.org
    );
    assert_eq!(app.psql_value(&stored).await, format!("{0} {0} true", orders.len()), "in the order of their numbers");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_have_no_gap_while_redis_is_flushed_paused_and_killed() {
    let Some(mut app) = App::private().own_redis().spawn().await else { return };
    numbers_are_without_a_gap(&mut app, async |app| {
        let moment = Duration::from_millis(400);
        for _ in 0..2 {
            tokio::time::sleep(moment).await;
            let client = redis::Client::open(&*app.redis_url).expect("an address");
            let mut connection = client.get_multiplexed_async_connection().await.expect("Redis");
            let _: () = redis::cmd("FLUSHALL").query_async(&mut connection).await.expect("FLUSHALL");
            tokio::time::sleep(moment).await;
            let redis = app.redis.as_mut().expect("an own Redis");
            redis.hang();
            tokio::time::sleep(2 * moment).await;
            redis.resume();
            tokio::time::sleep(moment).await;
            redis.kill();
            tokio::time::sleep(moment).await;
            redis.restart().await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_invoice_is_issued_once_and_seen_at_once() {
    let app = App::spawn_alone().await;
    let order = app.new_order_id().await;
    let path = format!("/orders/{order}/invoice");
    app.client.get(&path).await.expect_problem(404);
    app.warm(&format!("/orders/{order}")).await;
    let first = app.client.issue_invoice(&order, &rate()).await.expect(201);
    assert_eq!(first.header("location"), format!("/api/v1{path}"));
    let invoice = first.json();
    let total = app.client.order(&order).await.expect(200);
    assert_eq!((total.version(), &total.json()["totalAmount"]), (2, &invoice["grossAmount"]));
    assert_eq!(app.client.get(&path).await.expect(200).body, first.body);
    assert!(app.warm(&path).await.body == first.body);
    for body in [rate(), json!({"dueDays": 3, "ronRate": "1"})] {
        assert_eq!(app.client.issue_invoice(&order, &body).await.expect(200).body, first.body);
    }
    let without_body = app.client.post(&path).await.expect(200);
    assert_eq!(without_body.body, first.body);
    let next = app.client.issue_invoice(&app.new_order_id().await, &rate()).await.expect(201).json();
    assert_eq!(next["number"].as_i64(), invoice["number"].as_i64().map(|number| number + 1));
    app.client.patch(&order, json!({"items": [{"sku": app.sample.sku, "quantity": 1}]})).await.expect_problem(409);
}

#[tokio::test]
async fn credit_notes_are_shown_with_the_invoice_at_once_and_never_exceed_it() {
    let app = App::spawn_alone().await;
    let order = app.new_order_id().await;
    app.client.credit(&order, &json!({}), &new_key()).await.expect_problem(404);
    app.client.issue_invoice(&order, &rate()).await.expect(201);
    let path = format!("/orders/{order}/invoice");
    app.warm(&path).await;
    let (half, key) = (json!({"lines": [{"position": 1, "quantity": 1}], "reason": "sent back"}), new_key());
    let note = app.client.credit(&order, &half, &key).await.expect(201);
    let shown = app.client.get(&path).await.expect(200).json();
    assert_eq!(shown["creditNotes"], json!([note.json()]));
    assert_eq!(shown["creditedAmount"], note.json()["grossAmount"]);
    assert_eq!(app.client.credit(&order, &half, &key).await.expect(201).body, note.body);
    app.client.credit(&order, &json!({"amount": "1.00"}), &key).await.expect_problem_naming(422, "Idempotency-Key");
    app.client.credit(&order, &json!({}), &new_key()).await.expect_problem(409);
    let all = json!({"amount": shown["grossAmount"]});
    app.client.credit(&order, &all, &new_key()).await.expect_problem(409);
    for (wrong, status, field) in [
        (json!({"amount": "0"}), 400, "amount"),
        (json!({"amount": "0.001"}), 422, "amount"),
        (json!({"lines": [{"position": 7, "quantity": 1}]}), 422, "lines[0].position"),
        (json!({"lines": [{"position": 1, "quantity": 2}]}), 422, "lines[0].quantity"),
        (json!({"lines": [], "reason": "x"}), 400, "lines"),
    ] {
        app.client.credit(&order, &wrong, &new_key()).await.expect_problem_naming(status, field);
    }
    app.client.patch(&order, json!({"status": "cancelled"})).await.expect(200);
    app.client.credit(&order, &json!({}), &new_key()).await.expect(201);
    let whole = app.client.get(&path).await.expect(200).json();
    assert_eq!(whole["creditedAmount"], whole["grossAmount"]);
}

#[tokio::test]
async fn what_is_not_invoiced_is_refused_and_says_why() {
    let Some(app) = App::spawn_with_callers().await else { return };
    let (order, cancelled) = (app.new_order_id().await, app.new_order_id().await);
    app.client.patch(&cancelled, json!({"status": "cancelled"})).await.expect(200);
    app.client.issue_invoice(&cancelled, &rate()).await.expect_problem(409);
    app.client.issue_invoice(&Uuid::now_v7().to_string(), &rate()).await.expect_problem(404);
    app.client.issue_invoice(&app.sample.foreign_order, &rate()).await.expect_problem(404);
    app.client.issue_invoice("x", &rate()).await.expect_problem_naming(400, "id");
    if app.sample.currency != "RON" {
        app.client.issue_invoice(&order, &json!({})).await.expect_problem_naming(422, "ronRate");
    }
    for (body, field) in
        [(json!({"ronRate": 4.9}), "ronRate"), (json!({"dueDays": -1}), "dueDays"), (json!({"number": 1}), "number")]
    {
        app.client.issue_invoice(&order, &body).await.expect_problem_naming(400, field);
    }
    let owner = app.as_caller(&Caller::customer(&app.sample.org, &app.sample.customer));
    owner.issue_invoice(&order, &rate()).await.expect_problem(403);
    owner.credit(&app.sample.order, &json!({}), &new_key()).await.expect_problem(403);
    owner.invoice(&app.sample.order).await.expect(200);
}

#[tokio::test]
async fn an_order_with_an_invoice_is_not_deleted_for_good() {
    let Some(app) = App::spawn_with_callers().await else { return };
    let order = app.new_order_id().await;
    app.client.issue_invoice(&order, &rate()).await.expect(201);
    let refused = app.operator().delete_hard(&order).await.expect_problem(409);
    assert!(id(&refused, "detail").contains("invoice"), "{refused}");
    app.client.invoice(&order).await.expect(200);
    app.client.delete(&order).await.expect(204);
}

#[tokio::test]
async fn a_turn_that_does_not_come_is_waited_for_and_passed_by() {
    let waits = App::private().own_redis().variable("invoice_wait_ms", "700");
    let Some(mut app) = waits.spawn().await else { return };
    let client = redis::Client::open(&*app.redis_url).expect("an address");
    let mut redis = client.get_multiplexed_async_connection().await.expect("Redis");
    let key = format!("{}lock:invoice-number:{}", app.prefix(), app.sample.org);
    let took = async |order: String| {
        let began = Instant::now();
        app.client.issue_invoice(&order, &rate()).await.expect(201);
        began.elapsed()
    };
    took(app.new_order_id().await).await;
    let () = redis.pset_ex(&key, "somebody", 60_000).await.expect("SET");
    let waited = took(app.new_order_id().await).await;
    assert!(waited >= Duration::from_millis(700), "{waited:?}");
    let holder: String = redis.get(&key).await.expect("GET");
    assert_eq!(holder, "somebody", "another's turn isn't ended");
    let () = redis.del(&key).await.expect("DEL");
    let order = app.new_order_id().await;
    app.redis.as_mut().expect("an own Redis").kill();
    app.client.issue_invoice(&order, &rate()).await.expect(201);
}

#[tokio::test]
async fn a_turn_is_given_back_behind_the_answer() {
    let Some(app) = App::private().own_redis().spawn().await else { return };
    let mut log = app.redis_log().await;
    app.client.issue_invoice(&app.new_order_id().await, &rate()).await.expect(201);
    let client = redis::Client::open(&*app.redis_url).expect("an address");
    let redis = client.get_multiplexed_async_connection().await.expect("Redis");
    let key = format!("{}lock:invoice-number:{}", app.prefix(), app.sample.org);
    e2e::eventually("the turn is free", SOON, || async {
        let mut redis = redis.clone();
        let held: bool = redis.exists(&key).await.expect("EXISTS");
        (!held).then_some(())
    })
    .await;
    let taken = log.take().await;
    assert!(taken.iter().any(|command| format!("{command:?}").contains(&key)), "{taken:#?}");
}
