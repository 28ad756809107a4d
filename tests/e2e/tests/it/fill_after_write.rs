//! `fill_after_write`: after a creation or change the order's entry is made behind the answer.

use e2e::{App, SOON, Statements, eventually};
use serde_json::json;

async fn app() -> Option<App> {
    App::private().variable("fill_after_write", "on").spawn().await
}

/// How often an order was loaded since then.
async fn loads_since(app: &App, before: &Statements) -> usize {
    app.statements().await.since(before).iter().filter(|text| text.contains("order_get(")).count()
}

/// Waits for the load behind a creation: nothing else has asked for the order.
async fn filled(app: &App, before: &Statements) {
    eventually("the order is loaded behind the answer", SOON, || async {
        (loads_since(app, before).await == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_first_read_after_a_change_or_creation_finds_the_entry() {
    let Some(app) = app().await else { return };
    let order = app.new_order_id().await;
    let path = format!("/orders/{order}");
    // A machine that stalls loses the certificate.
    let (mut changed_first, mut created_first) = (0, 0);
    for round in 0..3 {
        app.warm(&format!("/orders/{}", app.sample.order)).await;
        let before = app.statements().await;
        let changed = app.client.patch(&order, json!({"notes": format!("round {round}")})).await.expect(200);
        let read = app.warm(&path).await;
        assert_eq!((read.version(), read.text()), (changed.version(), changed.text()));
        changed_first += usize::from(loads_since(&app, &before).await == 0);

        let before = app.statements().await;
        let created = app.new_order().await;
        filled(&app, &before).await;
        // The fill comes a moment after its load.
        let read = app.warm(&format!("/orders/{}", created.json()["id"].as_str().expect("an id"))).await;
        assert_eq!(read.version(), created.version());
        created_first += usize::from(loads_since(&app, &before).await == 1);
    }
    assert!(changed_first > 0, "every change was loaded once more");
    assert!(created_first > 0, "every reader had to load the order once more");
}

#[tokio::test]
async fn a_change_that_comes_while_another_ones_entry_is_made_is_seen_at_once() {
    let Some(app) = app().await else { return };
    let order = app.new_order_id().await;
    for round in 0..40 {
        app.client.patch(&order, json!({"notes": format!("{round} first")})).await.expect(200);
        let second = app.client.patch(&order, json!({"notes": format!("{round} second")})).await.expect(200);
        for _ in 0..3 {
            let read = app.client.order(&order).await.expect(200);
            assert_eq!((read.version(), read.text()), (second.version(), second.text()), "round {round}");
        }
    }
}
