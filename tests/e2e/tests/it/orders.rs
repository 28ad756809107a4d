//! One order: creation, changes, deletion.

use e2e::{App, eventually};
use serde_json::json;

use crate::new_key;
use std::time::Duration;

#[tokio::test]
async fn a_created_order_has_names_and_totals_from_the_products() {
    let app = App::spawn().await;
    let created = app.new_order().await;
    let order = created.json();
    let id = order["id"].as_str().expect("an id");
    assert!(created.header("location").ends_with(&format!("/api/v1/orders/{id}")), "{}", created.header("location"));
    assert_eq!(created.header("etag"), "\"1\"");
    assert_eq!(order["version"], 1);
    assert_eq!(order["status"], "pending");
    assert_eq!(order["organizationId"], json!(app.sample.org));
    assert_eq!(order["customerId"], json!(app.sample.customer));
    let item = &order["items"][0];
    assert!(item["name"].as_str().is_some_and(|name| !name.is_empty()));
    let cents = |text: &serde_json::Value| {
        text.as_str().expect("money as text").replace('.', "").parse::<i64>().expect("digits")
    };
    assert_eq!(cents(&order["totalAmount"]), 2 * cents(&item["unitPrice"]));
    let read = app.client.order(id).await.expect(200);
    assert_eq!(read.body, created.body, "the answer to POST is what GET answers");
}

#[tokio::test]
async fn creation_is_idempotent() {
    let app = App::spawn().await;
    let key = new_key();
    let first = app.client.create(app.order_request(), &key).await.expect(201);
    let again = app.client.create(app.order_request(), &key).await.expect(201);
    assert_eq!(first.body, again.body);
    let mut other = app.order_request();
    other["items"][0]["quantity"] = json!(3);
    app.client.create(other, &key).await.expect_problem_naming(422, "Idempotency-Key");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn creations_with_one_key_at_the_same_time_make_one_order() {
    let app = App::spawn().await;
    let key = new_key();
    let calls: Vec<_> = (0..8)
        .map(|_| {
            let (client, request, key) = (app.client.clone(), app.order_request(), key.clone());
            tokio::spawn(async move { client.create(request, &key).await })
        })
        .collect();
    let mut bodies = std::collections::HashSet::new();
    for call in calls {
        let answer = call.await.expect("an answer");
        // A request that comes while the first is in work may be told to wait.
        if !matches!(answer.status, 409 | 503) {
            bodies.insert(answer.expect(201).body);
        }
    }
    assert_eq!(bodies.len(), 1, "{bodies:?}");
}

#[tokio::test]
async fn the_key_of_one_caller_means_nothing_to_another() {
    let Some(app) = App::spawn_with_callers().await else { return };
    let other = app.as_caller(&app.service().claim("sub", json!("somebody else")));
    let key = new_key();
    let mine = app.client.create(app.order_request(), &key).await.expect(201);
    let theirs = other.create(app.order_request(), &key).await.expect(201);
    assert_ne!(mine.json()["id"], theirs.json()["id"]);
}

#[tokio::test]
async fn creation_refuses_unknown_customers_and_products() {
    let app = App::spawn().await;
    let mut order = app.order_request();
    order["items"][0]["sku"] = json!("NO-SUCH-SKU");
    app.client.create(order, &new_key()).await.expect_problem_naming(422, "items[0].sku");
    let mut order = app.order_request();
    order["customerId"] = json!(app.sample.foreign_customer);
    app.client.create(order, &new_key()).await.expect_problem_naming(422, "customerId");
}

#[tokio::test]
async fn statuses_move_only_along_the_table() {
    let app = App::spawn().await;
    let order = app.new_order_id().await;
    for (status, refused) in [
        ("confirmed", &["shipped", "delivered", "pending"][..]),
        ("processing", &["delivered", "confirmed"][..]),
        ("shipped", &["cancelled", "processing"][..]),
        ("delivered", &["cancelled", "pending", "shipped"][..]),
    ] {
        let changed = app.client.patch(&order, json!({"status": status})).await.expect(200).json();
        assert_eq!(changed["status"], status);
        for wrong in refused {
            let problem = app.client.patch(&order, json!({"status": wrong})).await.expect_problem(409);
            assert!(problem.to_string().contains(status), "the problem says where the order is: {problem}");
        }
    }
    assert_eq!(app.client.order(&order).await.expect(200).json()["status"], "delivered");
}

#[tokio::test]
async fn a_patch_answers_the_whole_new_order() {
    let app = App::spawn().await;
    let order = app.new_order_id().await;
    let patched = app.client.patch(&order, json!({"notes": "ring twice"})).await.expect(200);
    assert_eq!(patched.json()["notes"], "ring twice");
    assert_eq!(patched.version(), 2);
    let read = app.client.order(&order).await.expect(200);
    assert_eq!(read.body, patched.body);
    assert_eq!(read.header("etag"), patched.header("etag"));
    let cleared = app.client.patch(&order, json!({"notes": null})).await.expect(200);
    assert_eq!(cleared.json()["notes"], json!(null));
}

#[tokio::test]
async fn if_match_guards_a_change() {
    let app = App::spawn().await;
    let order = app.new_order_id().await;
    app.client.patch_if(&order, "\"1\"", json!({"notes": "one"})).await.expect(200);
    app.client.patch_if(&order, "\"1\"", json!({"notes": "two"})).await.expect_problem(412);
    app.client.patch_if(&order, "*", json!({"notes": "three"})).await.expect(200);
    app.client.patch_if(&order, "\"abc\"", json!({"notes": "four"})).await.expect_problem(412);
    app.client.patch_if(&order, "1", json!({"notes": "four"})).await.expect_problem_naming(400, "If-Match");
    let read = app.client.order(&order).await.expect(200);
    assert_eq!(read.json()["notes"], "three");
    assert_eq!(read.version(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_changes_that_name_one_version_one_wins() {
    let app = App::spawn().await;
    let order = app.new_order_id().await;
    let calls: Vec<_> = (0..8)
        .map(|round| {
            let (client, order) = (app.client.clone(), order.clone());
            tokio::spawn(async move {
                client.patch_if(&order, "\"1\"", json!({"notes": format!("from {round}")})).await.status
            })
        })
        .collect();
    let mut statuses = Vec::new();
    for call in calls {
        statuses.push(call.await.expect("an answer"));
    }
    statuses.sort();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
}

#[tokio::test]
async fn a_deleted_order_is_gone_and_a_404_is_not_cached() {
    let Some(app) = App::spawn_with_callers().await else { return };
    let order = app.new_order_id().await;
    let path = format!("/orders/{order}");
    app.warm(&path).await;
    app.client.delete(&order).await.expect(204);
    for _ in 0..3 {
        let gone = app.client.get(&path).await;
        assert!(!gone.is_hit());
        gone.expect_problem(404);
    }
    app.client.delete(&order).await.expect_problem(404);
    app.client.patch(&order, json!({"notes": "late"})).await.expect_problem(404);
    // Another program brings it back in the database: a cached 404 would hide it.
    app.psql(&format!("UPDATE orders SET deleted_at = NULL WHERE id = '{order}'")).await;
    eventually("the order is back", Duration::from_secs(1), || async {
        (app.client.order(&order).await.status == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_order_with_payments_is_not_deleted_for_good() {
    let Some(app) = App::spawn_with_callers().await else { return };
    let operator = app.as_caller(&e2e::Caller::operator(&app.sample.org));
    operator.delete_hard(&app.sample.order).await.expect_problem(409);
    app.client.order(&app.sample.order).await.expect(200);
}

#[tokio::test]
async fn the_views_of_an_order_agree_with_it() {
    let app = App::spawn().await;
    let order = app.client.order(&app.sample.order).await.expect(200).json();
    let summary = app.client.summary(&app.sample.order).await.expect(200).json();
    for field in ["status", "currency", "totalAmount"] {
        assert_eq!(summary[field], order[field], "{field} in {summary}");
    }
    assert_eq!(
        app.client.payment_status(&app.sample.order).await.expect(200).json()["paymentStatus"],
        order["paymentStatus"]
    );
    app.client.tracking(&app.sample.order).await.expect(200);
    let invoice = app.client.invoice(&app.sample.order).await.expect(200).text();
    assert!(
        invoice.contains("series") && invoice.contains("number") && invoice.to_lowercase().contains("cui"),
        "{invoice}"
    );
}
