//! orders.version: one more per transaction that changes what is shown, never the same for two
//! states.

use crate::database::{CUSTOMER, Database, ORG};

#[tokio::test]
async fn each_transaction_counts_once_whatever_it_changes() {
    let db = Database::new().await;
    let id = db.order().await;
    assert_eq!(db.version(id).await, 1, "an order made with its items is at 1");
    let update = format!("UPDATE orders SET notes = 'x' WHERE id = '{id}'");
    let ship = format!(
        "INSERT INTO shipments (order_id, organization_id, customer_id, carrier) VALUES ('{id}', '{ORG}', '{CUSTOMER}', 'DHL')"
    );
    for (what, transaction) in [
        ("one statement", update.clone()),
        ("two statements", format!("BEGIN; {update}; {update}; COMMIT")),
        ("a child", ship.clone()),
        ("two children", format!("BEGIN; {ship}; {ship}; COMMIT")),
        ("order, then child", format!("BEGIN; {update}; {ship}; COMMIT")),
        ("child, then order", format!("BEGIN; {ship}; {update}; COMMIT")),
    ] {
        let before = db.version(id).await;
        db.run(&transaction).await;
        assert_eq!(db.version(id).await, before + 1, "{what}");
    }
}

#[tokio::test]
async fn nobody_sets_a_version_by_hand() {
    let db = Database::new().await;
    let id = db.order().await;
    db.run(&format!("UPDATE orders SET version = 100 WHERE id = '{id}'")).await;
    assert_eq!(db.version(id).await, 2);
}

#[tokio::test]
async fn a_savepoint_that_is_rolled_back_takes_its_count_with_it_but_not_the_others() {
    let db = Database::new().await;
    let id = db.order().await;
    db.run(&format!(
        "BEGIN; SAVEPOINT s; UPDATE orders SET notes = 'x' WHERE id = '{id}'; ROLLBACK TO s; UPDATE order_items SET name = 'y' WHERE order_id = '{id}'; COMMIT"
    ))
    .await;
    assert_eq!(db.version(id).await, 2);
    assert_eq!(db.announced().await.len(), 1, "the change that stayed is announced");
}

#[tokio::test]
async fn concurrent_changes_of_one_orders_children_all_count() {
    let db = Database::new().await;
    let id = db.order().await;
    let mut tasks = Vec::new();
    for _ in 0..8 {
        let client = db.connect().await;
        tasks.push(tokio::spawn(async move {
            let ship = format!("INSERT INTO shipments (order_id, organization_id, customer_id, carrier) VALUES ('{id}', '{ORG}', '{CUSTOMER}', 'DHL')");
            client.batch_execute(&ship).await.unwrap();
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(db.version(id).await, 9);
    assert_eq!(db.announced().await.len(), 8);
}

#[tokio::test]
async fn the_time_of_change_moves_with_the_version() {
    let db = Database::new().await;
    let id = db.order().await;
    db.run(&format!("UPDATE orders SET updated_at = 'epoch' WHERE id = '{id}'")).await;
    let moved = format!("SELECT updated_at > created_at FROM orders WHERE id = '{id}'");
    assert_eq!(db.text(&moved).await, "true");
}
