//! From cart to order, once.

use e2e::{Answer, App, Caller, Client};
use serde_json::{Value, json};

use super::shopper::{keys, member, other_shopper, redis, shopper};

async fn put(client: &Client, id: &str, cart: &Value) -> Answer {
    client.put_cart(id, cart).await
}

async fn get(client: &Client, id: &str) -> Answer {
    client.cart(id).await
}

async fn order(client: &Client, id: &str) -> Answer {
    client.order_cart(id).await
}

fn new_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

async fn orders(app: &App) -> i64 {
    app.psql_value("SELECT count(*)::text FROM orders").await.parse().expect("a number")
}

/// Asks for a cart until it is read from the cache.
async fn becomes_a_hit(client: &Client, path: &str) {
    e2e::eventually("the cart is a hit", std::time::Duration::from_secs(10), || async {
        client.get(path).await.expect(200).is_hit().then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_cart_is_put_read_changed_and_dropped() {
    let Some(app) = App::private().spawn().await else { return };
    let (client, id) = (shopper(&app), new_id());
    let mut cart = app.order_request();
    get(&client, &id).await.expect_problem(404);
    put(&client, &id, &cart).await.expect(201);
    cart["notes"] = json!("gift wrap");
    put(&client, &id, &cart).await.expect(200);
    let shown = get(&client, &id).await.expect(200);
    assert_eq!(shown.header("cache-control"), "private, no-cache");
    let shown = shown.json();
    assert_eq!((&shown["id"], &shown["status"], &shown["orderId"]), (&json!(id), &json!("open"), &json!(null)));
    assert_eq!((&shown["items"], &shown["notes"]), (&cart["items"], &cart["notes"]));
    for _ in 0..2 {
        client.drop_cart(&id).await.expect(204);
    }
    get(&client, &id).await.expect_problem(404);
    order(&client, &id).await.expect_problem(404);
}

#[tokio::test]
async fn a_cart_is_refused_as_the_order_would_be() {
    let Some(app) = App::private().spawn().await else { return };
    let client = shopper(&app);
    put(&client, &new_id(), &json!({"items": []})).await.expect_problem_naming(400, "customerId");
    let mut foreign = app.order_request();
    foreign["customerId"] = json!(app.sample.other_customer);
    put(&client, &new_id(), &foreign).await.expect_problem(404);
    put(&client, "not-a-uuid", &app.order_request()).await.expect_problem_naming(400, "id");
    let mut unknown = app.order_request();
    unknown["items"][0]["sku"] = json!("NO-SUCH-THING");
    let id = new_id();
    put(&client, &id, &unknown).await.expect(201);
    order(&client, &id).await.expect_problem_naming(422, "items[0].sku");
    // The cart can be mended and ordered.
    put(&client, &id, &app.order_request()).await.expect(200);
    order(&client, &id).await.expect(201);
}

#[tokio::test]
async fn a_cart_becomes_one_order_however_often_that_is_sent() {
    let Some(app) = App::private().own_redis().spawn().await else { return };
    let (client, id, before) = (shopper(&app), new_id(), orders(&app).await);
    put(&client, &id, &app.order_request()).await.expect(201);
    let requests = (0..20).map(|_| {
        let (client, id) = (client.clone(), id.clone());
        tokio::spawn(async move { order(&client, &id).await.expect(201) })
    });
    let mut made = Vec::new();
    for request in requests.collect::<Vec<_>>() {
        made.push(member(&request.await.expect("an answer"), "id"));
    }
    made.dedup();
    assert_eq!(made.len(), 1, "{made:?}");
    let again = order(&client, &id).await.expect(201);
    assert_eq!(again.header("location"), format!("/api/v1/orders/{}", made[0]));
    assert_eq!(again.body, client.order(&made[0]).await.expect(200).body);
    let shown = get(&client, &id).await.expect(200).json();
    assert_eq!((&shown["status"], &shown["orderId"]), (&json!("ordered"), &json!(made[0])));
    assert_eq!(put(&client, &id, &app.order_request()).await.expect_problem(409)["current"], made[0]);

    // Redis has lost everything, a day has passed, and then the cart's time is over.
    let mut connection = redis(&app).await;
    redis::cmd("FLUSHALL").exec_async(&mut connection).await.expect("FLUSHALL");
    assert_eq!(member(&order(&client, &id).await.expect(201), "id"), made[0]);
    app.psql("UPDATE idempotency_keys SET expires_at = now(); UPDATE checkout_sessions SET expires_at = now()").await;
    assert_eq!(put(&client, &id, &app.order_request()).await.expect_problem(409)["current"], made[0]);
    assert_eq!(member(&order(&client, &id).await.expect(201), "id"), made[0]);
    assert_eq!(orders(&app).await, before + 1);
    client.patch(&made[0], json!({"notes": "later"})).await.expect(200);
    assert_eq!(member(&order(&client, &id).await.expect(201), "notes"), "later", "as it is now");
    app.client.delete(&made[0]).await.expect(204);
    order(&client, &id).await.expect_problem(404);
    assert_eq!(orders(&app).await, before + 1, "a deleted order makes no room");
}

#[tokio::test]
async fn without_redis_carts_are_put_read_ordered_and_dropped() {
    let Some(mut app) = App::private().own_redis().spawn().await else { return };
    let (client, made, kept, dropped) = (shopper(&app), new_id(), new_id(), new_id());
    let mut cart = app.order_request();
    for id in [&made, &kept, &dropped] {
        put(&client, id, &cart).await.expect(201);
        get(&client, id).await.expect(200);
    }
    let first = member(&order(&client, &made).await.expect(201), "id");
    app.redis.as_mut().expect("an own Redis").kill();
    assert_eq!(member(&order(&client, &made).await.expect(201), "id"), first);
    cart["notes"] = json!("without Redis");
    put(&client, &kept, &cart).await.expect(200);
    assert_eq!(get(&client, &kept).await.expect(200).json()["notes"], "without Redis");
    client.drop_cart(&dropped).await.expect(204);
    get(&client, &dropped).await.expect_problem(404);
    // What Redis still held when it went is older than what was acknowledged since.
    app.redis.as_mut().expect("an own Redis").restart().await;
    for _ in 0..20 {
        assert_eq!(get(&client, &kept).await.expect(200).json()["notes"], "without Redis");
        get(&client, &dropped).await.expect_problem(404);
    }
    let ordered = order(&client, &kept).await.expect(201).json();
    assert_eq!(ordered["notes"], "without Redis");
    assert_eq!(get(&client, &kept).await.expect(200).json()["orderId"], ordered["id"]);
}

#[tokio::test]
async fn no_cart_is_older_than_one_that_was_acknowledged() {
    let Some(app) = App::private().spawn().await else { return };
    let (client, id, mut cart) = (shopper(&app), new_id(), app.order_request());
    let (mut hits, path) = (0, format!("/checkout/sessions/{id}"));
    for round in 0..20 {
        cart["notes"] = json!(format!("round {round}"));
        put(&client, &id, &cart).await;
        for _ in 0..3 {
            let shown = client.get(&path).await.expect(200);
            hits += usize::from(shown.is_hit());
            assert_eq!(shown.json()["notes"], cart["notes"]);
        }
        if round % 5 == 4 {
            client.drop_cart(&id).await.expect(204);
            get(&client, &id).await.expect_problem(404);
        }
    }
    assert!(hits > 0, "some are read from the cache");
}

#[tokio::test]
async fn a_cart_ends_with_its_time_whatever_the_cache_holds() {
    let Some(app) = App::private().variable("ttl_checkout_session", "60").spawn().await else { return };
    let (client, id) = (shopper(&app), new_id());
    put(&client, &id, &app.order_request()).await.expect(201);
    let path = format!("/checkout/sessions/{id}");
    becomes_a_hit(&client, &path).await;
    let key = keys(&app, "checkout:session:*").await.into_iter().find(|key| key.contains(&id)).expect("an entry");
    let life: i64 = redis::cmd("PTTL").arg(&key).query_async(&mut redis(&app).await).await.expect("PTTL");
    assert!((1..=60_000).contains(&life), "{key} lives for {life} ms");
    app.psql("UPDATE checkout_sessions SET expires_at = now()").await;
    e2e::eventually("its end is seen", std::time::Duration::from_secs(5), || async {
        (client.get(&path).await.status == 404).then_some(())
    })
    .await;
    order(&client, &id).await.expect_problem(404);
    assert_eq!(app.operator().prune("").await.expect(200).json()["carts"], 1);
    put(&client, &id, &app.order_request()).await.expect(201);
}

#[tokio::test]
async fn a_cart_is_its_callers_own() {
    let Some(app) = App::private().spawn().await else { return };
    let (client, id) = (shopper(&app), new_id());
    put(&client, &id, &app.order_request()).await.expect(201);
    let mut foreign = app.order_request();
    foreign["customerId"] = json!(app.sample.other_customer);
    let other_org = app.as_caller(&Caller::customer(&app.sample.other_org, &app.sample.foreign_customer));
    for stranger in [&other_shopper(&app), &app.client, &other_org] {
        get(stranger, &id).await.expect_problem(404);
        order(stranger, &id).await.expect_problem(404);
        // The stranger has no cart to drop, and the owner's stays.
        stranger.drop_cart(&id).await.expect(204);
    }
    // For another caller the same id is another session.
    put(&other_shopper(&app), &id, &foreign).await.expect(201);
    assert_eq!(member(&get(&client, &id).await.expect(200), "customerId"), app.sample.customer);
    let (mine, theirs) = (order(&client, &id).await.expect(201), order(&other_shopper(&app), &id).await.expect(201));
    assert_ne!(member(&mine, "id"), member(&theirs, "id"));
    for key in keys(&app, "checkout:session:*").await {
        assert!(!key.contains(&app.sample.customer) && !key.contains("e2e-customer"), "{key}");
    }
}

#[tokio::test]
async fn a_damaged_copy_of_a_cart_is_never_half_read() {
    let Some(app) = App::private().spawn().await else { return };
    let (client, id) = (shopper(&app), new_id());
    put(&client, &id, &app.order_request()).await.expect(201);
    let path = format!("/checkout/sessions/{id}");
    becomes_a_hit(&client, &path).await;
    let mut connection = redis(&app).await;
    let key = keys(&app, "checkout:session:*").await.into_iter().find(|key| key.contains(&id)).expect("an entry");
    let whole: Vec<u8> = redis::cmd("GET").arg(&key).query_async(&mut connection).await.expect("GET");
    let expected = get(&client, &id).await.expect(200).body;
    for damaged in [&whole[..whole.len() - 1], b"{}", b"", &whole[1..]] {
        redis::cmd("SET").arg(&key).arg(damaged).exec_async(&mut connection).await.expect("SET");
        assert_eq!(get(&client, &id).await.expect(200).body, expected);
    }
    order(&client, &id).await.expect(201);
}
