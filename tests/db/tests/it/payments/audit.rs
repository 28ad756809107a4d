//! Every change of a payment leaves a trace that stays.

use uuid::Uuid;

use super::{Event, capture, database, place, refund};

#[tokio::test]
async fn each_change_is_traced_to_its_event_with_what_was_before() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    for objects in [
        vec![capture(order, "C1", "pending", "100.00", 1)],
        vec![capture(order, "C1", "completed", "100.00", 2)],
        vec![refund("C1", "R1", "completed", "30.00", None, 3)],
    ] {
        Event::new(objects).deliver(&db.client).await;
    }
    db.run("UPDATE payments SET external_order_id = 'by hand'").await;
    let trace = "SELECT string_agg(concat_ws('>', before ->> 'status', after ->> 'status') || ' by ' ||
        coalesce((SELECT event_id FROM webhook_events e WHERE a.actor = 'event:' || e.id), a.actor), ', ' ORDER BY a.id)
        FROM payment_audit a WHERE relation = 'payments'";
    let trace = db.text(trace).await;
    let user = db.text("SELECT session_user").await;
    let events = db.text("SELECT string_agg(event_id, ' ' ORDER BY received_at) FROM webhook_events").await;
    let events: Vec<_> = events.split(' ').collect();
    let expected = format!(
        "pending by {}, pending>paid by {}, paid>partially_refunded by {}, partially_refunded>partially_refunded by user:{user}",
        events[0], events[1], events[2]
    );
    assert_eq!(trace, expected);
}

#[tokio::test]
async fn the_trace_is_only_added_to() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    Event::new(vec![capture(order, "C1", "completed", "100.00", 1)]).deliver(&db.client).await;
    for statement in ["UPDATE payment_audit SET actor = 'x'", "DELETE FROM payment_audit", "TRUNCATE payment_audit"] {
        assert!(db.client.batch_execute(statement).await.is_err(), "{statement}");
    }
}

#[tokio::test]
async fn caches_of_the_order_are_told_of_every_effect_and_of_nothing_else() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    db.announced().await;
    let event = Event::new(vec![capture(order, "C1", "completed", "100.00", 1)]);
    let id: Uuid = event.record(&db.client).await.get("event");
    assert_eq!(db.announced().await.len(), 0, "storing an event changes nothing that is shown");
    let sql =
        "SELECT tags, xid IS NOT NULL AS has_xid, order_id, payment_status FROM payment_event_apply($1, $2, true)";
    let row = db.client.query_one(sql, &[&id, &serde_json::json!(event.objects)]).await.unwrap();
    let mut told: Vec<String> = row.get("tags");
    told.sort();
    assert!(told.contains(&format!("order:{}/{order}", crate::database::ORG)), "{told:?}");
    let mut announced: Vec<String> = db.announced().await.concat();
    announced.sort();
    announced.dedup();
    assert_eq!(told, announced, "the writer is told what the outbox says");
    assert_eq!(
        (row.get("has_xid"), row.get("order_id"), row.get("payment_status")),
        (true, Some(order.to_string()), Some("paid"))
    );
    event.deliver(&db.client).await;
    let again = Event::new(event.objects.clone());
    assert_eq!(again.deliver(&db.client).await, "applied");
    assert_eq!(db.announced().await.len(), 0, "what was known already changes nothing");
}
