//! Messages that refresh the cache: what they name is made or invalidated, and nothing depends on
//! it.

use e2e::{App, SOON, eventually};
use serde_json::json;

/// How often the server and the refresher have loaded single orders.
async fn loads(app: &App) -> usize {
    let statements = app.statements().await;
    statements.since(&e2e::Statements::default()).iter().filter(|text| text.contains("order_get(")).count()
}

#[tokio::test]
async fn a_change_by_another_program_is_in_the_cache_before_anybody_asks() {
    let Some(app) = App::private().own_redis().spawn().await else { return };
    let _refresher = app.refresher().await;
    let (order, other) = (app.new_order_id().await, format!("/orders/{}", app.sample.order));
    // The creation is an event, too.
    eventually("the new order is loaded", SOON, || async {
        app.client.get(&other).await.expect(200);
        (loads(&app).await >= 2).then_some(())
    })
    .await;
    app.warm(&other).await;
    let before = loads(&app).await;
    app.psql(&format!("UPDATE orders SET notes = 'by psql' WHERE id = '{order}'")).await;
    // Readers of another order keep the certificate alive, and with it the feed.
    eventually("the changed order is loaded", SOON, || async {
        app.client.get(&other).await.expect(200);
        (loads(&app).await > before).then_some(())
    })
    .await;
    let read = app.warm(&format!("/orders/{order}")).await;
    assert_eq!(read.json()["notes"], "by psql");
}

#[tokio::test]
async fn another_service_invalidates_and_has_made_what_it_names_and_bad_messages_are_dropped() {
    let Some(app) = App::private().own_redis().spawn().await else { return };
    let mut refresher = app.refresher().await;
    let (org, order) = (&app.sample.org, &app.sample.order);
    let path = format!("/orders/{order}");
    app.warm(&path).await;
    let entity = json!({"kind": "order", "id": order, "organizationId": org});
    for bad in ["", "no JSON", "{}", r#"{"format": 2, "refresh": {}}"#, r#"{"format": 1, "invalidate": {"tag": "x"}}"#]
    {
        app.publish("refresh", bad).await;
    }
    let invalidate = json!({"format": 1, "invalidate": {"entity": entity, "note": "from a test"}});
    app.publish("refresh", &invalidate.to_string()).await;
    let audit = "SELECT string_agg(actor || ' ' || (after ->> 'note'), ',') FROM payment_audit
        WHERE relation = 'cache_invalidations'";
    eventually("it is invalidated", SOON, || async {
        (app.psql_value(&format!("SELECT coalesce(({audit}), '')")).await == "cache-refresh from a test").then_some(())
    })
    .await;
    // The announcement is applied before the message is done.
    let before = loads(&app).await;
    app.publish("refresh", &json!({"format": 1, "refresh": entity}).to_string()).await;
    eventually("it is loaded", SOON, || async { (loads(&app).await > before).then_some(()) }).await;
    app.warm(&path).await;
    assert!(refresher.runs(), "bad messages end nothing");
    let dropped = app.log().matches("a message is dropped").count();
    assert_eq!(dropped, 5, "{}", app.log());
}

#[tokio::test]
async fn the_app_outlives_the_refresher_and_the_refresher_ends_with_redis() {
    let Some(mut app) = App::private().own_redis().spawn().await else { return };
    let mut refresher = app.refresher().await;
    let path = format!("/orders/{}", app.sample.order);
    app.warm(&path).await;
    app.redis.as_mut().expect("its own Redis").kill();
    eventually("the refresher ends", SOON, || {
        let runs = refresher.runs();
        async move { (!runs).then_some(()) }
    })
    .await;
    app.client.get(&path).await.expect(200);
    app.redis.as_mut().expect("its own Redis").restart().await;
    app.warm(&path).await;
    let _again = app.refresher().await;
    let changed = app.client.patch(&app.sample.order, json!({"notes": "later"})).await.expect(200);
    assert_eq!(app.client.get(&path).await.expect(200).version(), changed.version());
}
