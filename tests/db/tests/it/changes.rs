//! order_patch, order_delete and order_set_statuses.

use serde_json::{Value, json};
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use crate::database::{CUSTOMER, Database, ORG, OTHER_CUSTOMER, OTHER_ORG, call, tags, tags_of_status};

/// The fields that a call of order_patch changes; the rest stays.
#[derive(Default)]
struct Patch {
    customer: Option<Uuid>,
    version: Option<i64>,
    status: Option<&'static str>,
    from: &'static [&'static str],
    notes: Option<Option<&'static str>>,
    address: Option<Option<Value>>,
}

async fn patch(db: &Database, org: Uuid, id: Uuid, patch: Patch) -> Row {
    let (set_notes, notes) = (patch.notes.is_some(), patch.notes.flatten());
    let (set_address, address) = (patch.address.is_some(), patch.address.flatten());
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 10] = [
        &org,
        &id,
        &patch.customer,
        &patch.version,
        &patch.status,
        &patch.from,
        &set_notes,
        &notes,
        &address,
        &set_address,
    ];
    db.client.query_one(&call("order_patch", 10), &params).await.unwrap()
}

fn outcome(row: &Row) -> &str {
    row.get("outcome")
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_answers_the_whole_order() {
    let db = Database::new().await;
    let id = db.order().await;
    let row = patch(
        &db,
        ORG,
        id,
        Patch {
            status: Some("confirmed"),
            from: &["pending"],
            notes: Some(Some("n")),
            version: Some(1),
            ..Patch::default()
        },
    )
    .await;
    assert_eq!(
        (outcome(&row), row.get::<_, i64>("version"), row.get::<_, &str>("status")),
        ("updated", 2, "confirmed")
    );
    let read = db.client.query_one(&call("order_get", 2), &[&ORG, &id]).await.unwrap();
    assert_eq!(row.get::<_, &str>("body"), read.get::<_, &str>("body"));
    let mut announced: Vec<String> = row.get("tags");
    announced.sort();
    assert_eq!(announced, tags_of_status(id, &[CUSTOMER], &["pending", "confirmed"]));

    let row = patch(
        &db,
        ORG,
        id,
        Patch { address: Some(Some(json!({"city": "Cluj"}))), customer: Some(CUSTOMER), ..Patch::default() },
    )
    .await;
    let body: Value = serde_json::from_str(row.get("body")).unwrap();
    assert_eq!(
        (&body["shippingAddress"], &body["notes"], &body["status"]),
        (&json!({"city": "Cluj"}), &json!("n"), &json!("confirmed"))
    );
    let row = patch(&db, ORG, id, Patch { notes: Some(None), address: Some(None), ..Patch::default() }).await;
    let body: Value = serde_json::from_str(row.get("body")).unwrap();
    assert_eq!((&body["shippingAddress"], &body["notes"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn a_patch_that_may_not_be_changes_nothing_and_says_why() {
    let db = Database::new().await;
    let id = db.order().await;
    let status = |status, from| Patch { status: Some(status), from, ..Patch::default() };
    let cases = [
        (OTHER_ORG, id, Patch::default(), "not_found"),
        (ORG, Uuid::nil(), Patch::default(), "not_found"),
        (ORG, id, Patch { customer: Some(OTHER_CUSTOMER), ..Patch::default() }, "not_found"),
        (ORG, id, Patch { version: Some(2), ..Patch::default() }, "version_mismatch"),
        (ORG, id, Patch { version: Some(2), ..status("shipped", &["processing"]) }, "version_mismatch"),
        (ORG, id, status("shipped", &["processing"]), "not_allowed"),
        (ORG, id, status("pending", &[]), "not_allowed"),
    ];
    for (org, id, change, expected) in cases {
        let row = patch(&db, org, id, change).await;
        assert_eq!(outcome(&row), expected);
        assert_eq!((row.get::<_, Option<&str>>("body"), row.get::<_, Option<&str>>("xid")), (None, None));
        if expected != "not_found" {
            assert_eq!((row.get::<_, i64>("version"), row.get::<_, &str>("status")), (1, "pending"), "as it is");
        }
    }
    assert!(db.announced().await.is_empty());
}

#[tokio::test]
async fn of_two_patches_of_one_version_one_wins() {
    let db = Database::new().await;
    let id = db.order().await;
    let (first, second) = (db.connect().await, db.connect().await);
    let call = async |client: Client| {
        let none: Option<&str> = None;
        let row = client
            .query_one(
                &call("order_patch", 10),
                &[
                    &ORG,
                    &id,
                    &None::<Uuid>,
                    &Some(1i64),
                    &none,
                    &None::<Vec<String>>,
                    &true,
                    &"n",
                    &None::<Value>,
                    &false,
                ],
            )
            .await
            .unwrap();
        row.get::<_, String>("outcome")
    };
    let mut outcomes = [tokio::join!(call(first), call(second))].map(|(a, b)| [a, b]).concat();
    outcomes.sort();
    assert_eq!(outcomes, ["updated", "version_mismatch"]);
}

#[tokio::test]
async fn a_change_is_made_to_one_of_the_versions_named_and_to_none_that_is_excluded() {
    let db = Database::new().await;
    let id = db.order().await;
    let conditions: [(Option<Vec<i64>>, Vec<i64>, bool); 9] = [
        (Some(vec![2]), vec![], false),
        (Some(vec![0]), vec![], false),
        (Some(vec![]), vec![], false),
        (None, vec![1], false),
        (None, vec![0], false),
        (Some(vec![1]), vec![3, 1], false),
        (Some(vec![0, 1]), vec![], true),
        (None, vec![1], true),
        (None, vec![], true),
    ];
    let mut version = 1;
    for (only, unless, made) in conditions {
        let change =
            "SELECT outcome, version FROM order_patch($1, $2, NULL, NULL, NULL, '{}', true, 'n', NULL, false, $3, $4)";
        let row = db.client.query_one(change, &[&ORG, &id, &only, &unless]).await.unwrap();
        version += i64::from(made);
        let expected = if made { "updated" } else { "version_mismatch" };
        assert_eq!((outcome(&row), row.get::<_, i64>("version")), (expected, version), "{only:?} {unless:?}");
    }
    for (only, unless, expected) in [
        (Some(vec![1i64]), vec![], "version_mismatch"),
        (None, vec![version], "version_mismatch"),
        (Some(vec![1, version]), vec![1], "deleted"),
    ] {
        let delete = "SELECT outcome FROM order_delete($1, $2, false, NULL, $3, $4)";
        let row = db.client.query_one(delete, &[&ORG, &id, &only, &unless]).await.unwrap();
        assert_eq!(outcome(&row), expected, "{only:?} {unless:?}");
    }
}

async fn delete(db: &Database, org: Uuid, id: Uuid, hard: bool, version: Option<i64>) -> Row {
    db.client.query_one(&call("order_delete", 4), &[&org, &id, &hard, &version]).await.unwrap()
}

#[tokio::test]
async fn a_soft_deletion_hides_the_order_everywhere() {
    let db = Database::new().await;
    let id = db.order().await;
    assert_eq!(outcome(&delete(&db, OTHER_ORG, id, false, None).await), "not_found");
    assert_eq!(outcome(&delete(&db, ORG, id, false, Some(7)).await), "version_mismatch");
    let row = delete(&db, ORG, id, false, Some(1)).await;
    assert_eq!(outcome(&row), "deleted");
    let mut announced: Vec<String> = row.get("tags");
    announced.sort();
    assert_eq!(announced, tags(id, &[CUSTOMER], &["pending"]));
    for read in
        [&call("order_get", 2), &call("order_summary", 2), &call("order_payment_status", 2), &call("order_tracking", 2)]
    {
        assert!(db.client.query_opt(read, &[&ORG, &id]).await.unwrap().is_none());
    }
    let statuses = db.client.query(&call("order_statuses", 2), &[&ORG, &vec![id.to_string()]]).await.unwrap();
    assert!(statuses.is_empty());
    assert_eq!(outcome(&delete(&db, ORG, id, false, None).await), "not_found");
    assert_eq!(outcome(&patch(&db, ORG, id, Patch::default()).await), "not_found");
    assert_eq!(outcome(&delete(&db, ORG, id, true, None).await), "deleted", "for good, when it is hidden already");
}

#[tokio::test]
async fn a_hard_deletion_takes_all_with_it_but_never_payments() {
    let db = Database::new().await;
    let id = db.order().await;
    let keys = format!("'{id}', '{ORG}', '{CUSTOMER}'");
    db.run(&format!("INSERT INTO shipments (order_id, organization_id, customer_id, carrier) VALUES ({keys}, 'DHL');
        INSERT INTO payments (order_id, organization_id, customer_id, provider, account, external_id, status, currency, amount) VALUES ({keys}, 'stripe', 'a', 'x', 'failed', 'EUR', 1)")).await;
    assert_eq!(outcome(&delete(&db, ORG, id, true, None).await), "has_payments");
    let error = db.client.batch_execute(&format!("DELETE FROM orders WHERE id = '{id}'")).await.unwrap_err();
    assert_eq!(error.code().unwrap().code(), "23503", "not by hand either");
    db.run("DELETE FROM payments").await;
    db.announced().await;
    let row = delete(&db, ORG, id, true, None).await;
    assert_eq!((outcome(&row), row.get::<_, Option<&str>>("body")), ("deleted", None));
    assert_eq!(db.text("SELECT (SELECT count(*) FROM orders) + (SELECT count(*) FROM order_items) + (SELECT count(*) FROM shipments)").await, "0");
    assert_eq!(
        db.announced().await,
        [tags(id, &[CUSTOMER], &["pending"])],
        "children need no announcement of their own"
    );
}

#[tokio::test]
async fn a_hard_deletion_waits_for_a_payment_that_is_being_recorded() {
    let db = Database::new().await;
    let id = db.order().await;
    let provider = db.connect().await;
    provider.batch_execute(&format!("BEGIN; INSERT INTO payments (order_id, organization_id, customer_id, provider, account, external_id, status, currency, amount)
        VALUES ('{id}', '{ORG}', '{CUSTOMER}', 'stripe', 'a', 'x', 'pending', 'EUR', 1)")).await.unwrap();
    let client = db.connect().await;
    let deletion = tokio::spawn(async move {
        let row = client.query_one(&call("order_delete", 4), &[&ORG, &id, &true, &None::<i64>]).await.unwrap();
        row.get::<_, String>("outcome")
    });
    db.wait_for_a_lock().await;
    provider.batch_execute("COMMIT").await.unwrap();
    assert_eq!(deletion.await.unwrap(), "has_payments");
}

async fn set_status(client: &Client, ids: &[String], status: &str, from: &[&str]) -> Vec<Row> {
    client.query(&call("order_set_statuses", 4), &[&ORG, &ids, &status, &from]).await.unwrap()
}

#[tokio::test]
async fn a_bulk_change_says_for_each_what_became_of_it() {
    let db = Database::new().await;
    let (moved, already, far) = (db.order().await, db.order().await, db.order().await);
    db.run(&format!("UPDATE orders SET status = 'confirmed' WHERE id = '{already}'; UPDATE orders SET status = 'shipped' WHERE id = '{far}'")).await;
    db.announced().await;
    let ids = [far, Uuid::nil(), moved, already].map(|id| id.to_string());
    let rows = set_status(&db.client, &ids, "confirmed", &["pending"]).await;
    let answers: Vec<_> =
        rows.iter().map(|row| (row.get("id"), outcome(row), row.get("status"), row.get("version"))).collect();
    let expected: [(&str, &str, Option<&str>, Option<i64>); 4] = [
        (&ids[0], "not_allowed", Some("shipped"), Some(2)),
        (&ids[1], "not_found", None, None),
        (&ids[2], "updated", Some("confirmed"), Some(2)),
        (&ids[3], "unchanged", Some("confirmed"), Some(2)),
    ];
    assert_eq!(answers, expected, "in the order asked");
    let mut announced: Vec<String> = rows[0].get("tags");
    announced.sort();
    let mut expected = tags_of_status(moved, &[CUSTOMER], &["pending", "confirmed"]);
    expected.extend([format!("order:{ORG}/{}", ids[3]), format!("lists:{ORG}")]);
    expected.sort();
    assert_eq!(announced, expected, "what it changed, and what it found done");
    assert!(rows.iter().all(|row| row.get::<_, Option<&str>>("xid").is_some()));
    let body: Value = serde_json::from_str(rows[2].get("body")).unwrap();
    assert_eq!((&body["id"], &body["status"], &body["version"]), (&json!(moved), &json!("confirmed"), &json!(2)));

    let rows = set_status(&db.client, &ids[3..], "confirmed", &["pending"]).await;
    assert_eq!((outcome(&rows[0]), rows[0].get::<_, Option<&str>>("xid")), ("unchanged", None), "nothing was written");
    let vouched: Vec<String> = rows[0].get("tags");
    assert!(vouched.contains(&format!("order:{ORG}/{}", ids[3])), "what it finds done it vouches for: {vouched:?}");
}

#[tokio::test]
async fn bulk_changes_in_opposite_orders_end() {
    let db = Database::new().await;
    let mut ids = Vec::new();
    for _ in 0..20 {
        ids.push(db.order().await.to_string());
    }
    let backwards: Vec<_> = ids.iter().rev().cloned().collect();
    let (first, second) = (db.connect().await, db.connect().await);
    let flip = async |client: Client, ids: Vec<String>| {
        for round in 0..20 {
            let (to, from) = if round % 2 == 0 { ("confirmed", ["pending"]) } else { ("pending", ["confirmed"]) };
            set_status(&client, &ids, to, &from).await;
        }
    };
    tokio::join!(flip(first, ids), flip(second, backwards));
}

#[tokio::test]
async fn a_bulk_change_locks_by_id_whatever_the_order_of_rows() {
    let db = Database::new().await;
    let (high, low) = (Uuid::max(), Uuid::from_u128(1));
    let request = json!({"customerId": CUSTOMER, "currency": "EUR", "items": [{"sku": "CUP", "quantity": 1}]});
    for id in [high, low] {
        db.create(&request, &id.to_string(), id).await;
    }
    let holder = db.holder_of(low).await;
    let client = db.connect().await;
    let ids = [high.to_string(), low.to_string()];
    let change = tokio::spawn(async move { set_status(&client, &ids, "confirmed", &["pending"]).await.len() });
    db.wait_for_a_lock().await;
    db.run(&format!("SELECT FROM orders WHERE id = '{high}' FOR UPDATE NOWAIT")).await;
    holder.batch_execute("COMMIT").await.unwrap();
    assert_eq!(change.await.unwrap(), 2);
}
