//! Customers: made, changed, listed; and their names in the summaries of their orders.

use serde_json::{Value, json};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::database::{CUSTOMER, Database, ORG, OTHER_CUSTOMER, OTHER_ORG, STRANGER, call, tenant};

async fn create(db: &Database, request: &Value, key: &str) -> Row {
    let hash = request.to_string();
    db.client
        .query_one(&call("customer_create", 6), &[&ORG, request, &"somebody", &key, &hash, &Uuid::now_v7()])
        .await
        .unwrap()
}

async fn patch(db: &Database, id: Uuid, customer: Option<Uuid>, changes: Value) -> Row {
    let (only, unless): (Option<Vec<i64>>, Vec<i64>) = (None, vec![]);
    db.client.query_one(&call("customer_patch", 6), &[&ORG, &id, &customer, &changes, &only, &unless]).await.unwrap()
}

fn outcome(row: &Row) -> &str {
    row.get("outcome")
}

fn body(row: &Row) -> Value {
    serde_json::from_str(row.get("body")).unwrap()
}

fn mara(email: &str) -> Value {
    json!({"name": "Mara", "email": email, "address": {"line1": "a", "city": "b", "country": "RO"}})
}

fn profile(id: Uuid) -> String {
    format!("customer_profile:{ORG}/{id}")
}

/// The tags that were announced, of all statements together.
async fn announced(db: &Database) -> Vec<String> {
    let mut tags = db.announced().await.concat();
    tags.sort();
    tags
}

#[tokio::test]
async fn a_customer_is_made_once_per_key_and_announced_to_nobody() {
    let db = Database::new().await;
    let first = create(&db, &mara("mara@example.com"), "k").await;
    assert_eq!((outcome(&first), first.get::<_, i64>("version")), ("created", 1));
    let id: Uuid = body(&first)["id"].as_str().unwrap().parse().unwrap();
    let read = db.client.query_one(&call("customer_get", 2), &[&ORG, &id]).await.unwrap();
    assert_eq!(read.get::<_, &str>("body"), first.get::<_, &str>("body"));
    assert_eq!((read.get::<_, &str>("customer"), read.get::<_, i64>("version")), (&*id.to_string(), 1));
    let again = create(&db, &mara("mara@example.com"), "k").await;
    assert_eq!((outcome(&again), again.get::<_, &str>("body")), ("replay", first.get::<_, &str>("body")));
    assert_eq!(outcome(&create(&db, &mara("other@example.com"), "k").await), "mismatch");
    assert!(db.announced().await.is_empty());
    assert!(db.client.query_opt(&call("customer_get", 2), &[&OTHER_ORG, &id]).await.unwrap().is_none());
}

#[tokio::test]
async fn an_address_is_one_customers_in_any_case_and_a_refusal_frees_the_key() {
    let db = Database::new().await;
    assert_eq!(outcome(&create(&db, &mara("ANA@example.com"), "k").await), "email_taken");
    assert_eq!(
        outcome(&create(&db, &mara("vlad@example.com"), "k").await),
        "created",
        "another organisation's is free"
    );
    assert_eq!(outcome(&patch(&db, CUSTOMER, None, json!({"email": "Radu@Example.com"})).await), "email_taken");
    assert_eq!(outcome(&patch(&db, CUSTOMER, None, json!({"email": "Ana@Example.com"})).await), "updated", "its own");
}

#[tokio::test]
async fn of_two_that_take_one_address_at_once_one_gets_it() {
    let db = Database::new().await;
    for round in 0..4 {
        let email = format!("both{round}@example.com");
        let (one, other) = (db.connect().await, db.connect().await);
        let take = async |client: tokio_postgres::Client, id: Uuid| {
            let (only, unless): (Option<Vec<i64>>, Vec<i64>) = (None, vec![]);
            let params: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
                [&ORG, &id, &None::<Uuid>, &json!({ "email": email }), &only, &unless];
            client.query_one(&call("customer_patch", 6), &params).await.unwrap().get::<_, String>("outcome")
        };
        let (first, second) = tokio::join!(take(one, CUSTOMER), take(other, OTHER_CUSTOMER));
        let mut outcomes = [first, second];
        outcomes.sort();
        assert_eq!(outcomes, ["email_taken", "updated"]);
    }
}

#[tokio::test]
async fn a_change_by_any_program_is_one_version_more() {
    let db = Database::new().await;
    let row = patch(
        &db,
        CUSTOMER,
        Some(CUSTOMER),
        json!({"name": "Ana Pop", "address": {"line1": "x", "city": "y", "country": "RO"}}),
    )
    .await;
    let changed = body(&row);
    assert_eq!((outcome(&row), row.get::<_, i64>("version")), ("updated", 2));
    assert_eq!(
        (&changed["name"], &changed["address"]["line1"], &changed["email"]),
        (&json!("Ana Pop"), &json!("x"), &json!("ana@example.com"))
    );
    db.run(&format!("UPDATE customers SET name = 'x', version = 77, updated_at = NULL WHERE id = '{CUSTOMER}'")).await;
    assert_eq!(
        db.text(&format!("SELECT version || ' ' || (updated_at IS NOT NULL) FROM customers WHERE id = '{CUSTOMER}'"))
            .await,
        "3 true"
    );
}

#[tokio::test]
async fn a_change_that_may_not_be_changes_nothing_and_says_why() {
    let db = Database::new().await;
    let name = || json!({"name": "x"});
    assert_eq!(outcome(&patch(&db, STRANGER, None, name()).await), "not_found");
    assert_eq!(outcome(&patch(&db, CUSTOMER, Some(OTHER_CUSTOMER), name()).await), "not_found");
    assert_eq!(outcome(&patch(&db, CUSTOMER, None, json!({"companyName": "X SRL"})).await), "company_incomplete");
    assert_eq!(
        outcome(&patch(&db, CUSTOMER, None, json!({"companyName": "X SRL", "cui": "RO18189442"})).await),
        "updated"
    );
    assert_eq!(outcome(&patch(&db, CUSTOMER, None, json!({"cui": null})).await), "company_incomplete");
    assert_eq!(outcome(&patch(&db, CUSTOMER, None, json!({"companyName": null, "cui": null})).await), "updated");
    for (only, unless, expected) in [
        (Some(vec![2i64]), vec![], "version_mismatch"),
        (None, vec![3i64], "version_mismatch"),
        (None, vec![0], "version_mismatch"),
        (Some(vec![1, 3]), vec![2], "updated"),
    ] {
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
            [&ORG, &CUSTOMER, &None::<Uuid>, &name(), &only, &unless];
        let row = db.client.query_one(&call("customer_patch", 6), &params).await.unwrap();
        assert_eq!(outcome(&row), expected, "{only:?} {unless:?}");
    }
}

#[tokio::test]
async fn a_change_announces_the_customer_and_a_new_name_its_orders() {
    let db = Database::new().await;
    let (first, second) = (db.order().await, db.order().await);
    let hidden = db.order().await;
    db.run(&format!("UPDATE orders SET deleted_at = now() WHERE id = '{hidden}'")).await;
    db.announced().await;
    let mut with_orders = vec![profile(CUSTOMER), format!("order:{ORG}/{first}"), format!("order:{ORG}/{second}")];
    with_orders.sort();
    for (changes, expected) in [
        (json!({"email": "x@example.com"}), vec![profile(CUSTOMER)]),
        (json!({"address": {"line1": "x", "city": "y", "country": "RO"}}), vec![profile(CUSTOMER)]),
        (json!({"name": "Anna"}), with_orders.clone()),
        (json!({"companyName": "X SRL", "cui": "RO18189442"}), with_orders.clone()),
        (json!({"name": "Anna"}), vec![profile(CUSTOMER)]),
    ] {
        let row = patch(&db, CUSTOMER, None, changes.clone()).await;
        let mut told: Vec<String> = row.get("tags");
        told.sort();
        assert_eq!(told, expected, "{changes}");
        assert_eq!(announced(&db).await, expected, "{changes}");
    }
    db.run(&format!("UPDATE customers SET name = 'Ana' WHERE id = '{CUSTOMER}'")).await;
    assert_eq!(announced(&db).await, with_orders, "by psql");
    db.run("SET session_replication_role = replica").await;
    db.run(&format!("UPDATE customers SET name = 'Eva' WHERE id = '{CUSTOMER}'")).await;
    assert_eq!(announced(&db).await, with_orders, "by a bulk load");
    db.run(&format!("DELETE FROM customers WHERE id = '{CUSTOMER}'")).await;
    with_orders.extend([format!("customer:{ORG}/{CUSTOMER}"), format!("orders:{ORG}/customer/{CUSTOMER}")]);
    with_orders.sort();
    assert_eq!(announced(&db).await, with_orders, "gone");
}

#[tokio::test]
async fn up_to_200_orders_or_customers_are_named_and_more_are_their_organisation() {
    let db = Database::new().await;
    let orders = |count: u32| {
        format!(
            "INSERT INTO orders (organization_id, customer_id, currency, total_amount) SELECT '{ORG}', '{CUSTOMER}', 'EUR', 0 FROM generate_series(1, {count})"
        )
    };
    let rename = format!("UPDATE customers SET name = name || 'a' WHERE id = '{CUSTOMER}'");
    db.run(&orders(200)).await;
    db.announced().await;
    db.run(&rename).await;
    assert_eq!(announced(&db).await.len(), 201);
    db.run(&orders(1)).await;
    db.announced().await;
    db.run(&rename).await;
    assert_eq!(announced(&db).await, tenant(ORG));
    let many = |count: u32| {
        format!(
            "INSERT INTO customers (organization_id, name, email, address) SELECT '{OTHER_ORG}', 'n', 'n' || n || '@x', '{{\"line1\": \"a\", \"city\": \"b\", \"country\": \"RO\"}}'
            FROM generate_series(1, {count}) AS n ON CONFLICT DO NOTHING"
        )
    };
    db.run(&many(199)).await;
    let all = format!("UPDATE customers SET email = email || 'x' WHERE organization_id = '{OTHER_ORG}'");
    db.run(&all).await;
    assert_eq!(announced(&db).await.len(), 200);
    db.run(&many(1)).await;
    db.run(&all).await;
    assert_eq!(announced(&db).await, tenant(OTHER_ORG));
}

#[tokio::test]
async fn a_rename_waits_for_orders_that_are_being_placed_and_announces_them() {
    for replica in [false, true] {
        let db = Database::new().await;
        let (placing, renaming) = (db.connect().await, db.connect().await);
        let order = Uuid::now_v7();
        let role = if replica { "SET session_replication_role = replica;" } else { "" };
        let place = format!(
            "{role} BEGIN; INSERT INTO orders (id, organization_id, customer_id, currency, total_amount) VALUES ('{order}', '{ORG}', '{CUSTOMER}', 'EUR', 0)"
        );
        placing.batch_execute(&place).await.unwrap();
        let renamed = tokio::spawn(async move {
            let rename = format!("UPDATE customers SET name = 'new' WHERE id = '{CUSTOMER}'");
            renaming.batch_execute(&rename).await.unwrap();
        });
        db.wait_for_a_lock().await;
        placing.batch_execute("COMMIT").await.unwrap();
        // From here on a reader may cache the order's summary with the old name.
        renamed.await.unwrap();
        let of_rename = db.announced().await.into_iter().find(|tags| tags.contains(&profile(CUSTOMER)));
        let of_rename = of_rename.expect("the rename is announced");
        assert!(of_rename.contains(&format!("order:{ORG}/{order}")), "replica: {replica}: {of_rename:?}");
    }
}

#[tokio::test]
async fn a_rename_in_a_snapshot_of_its_own_says_everything() {
    let db = Database::new().await;
    db.run(&format!(
        "BEGIN ISOLATION LEVEL REPEATABLE READ; UPDATE customers SET name = 'new' WHERE id = '{CUSTOMER}'; COMMIT"
    ))
    .await;
    assert_eq!(announced(&db).await, ["*"]);
}

#[tokio::test]
async fn a_summary_names_the_customer_as_it_is_now() {
    let db = Database::new().await;
    let id = db.order().await;
    let summary = async || body(&db.client.query_one(&call("order_summary", 2), &[&ORG, &id]).await.unwrap());
    assert_eq!(summary().await["customer"], json!({"id": CUSTOMER, "name": "Ana", "companyName": null}));
    patch(&db, CUSTOMER, None, json!({"name": "Anna", "companyName": "X SRL", "cui": "RO18189442"})).await;
    assert_eq!(summary().await["customer"], json!({"id": CUSTOMER, "name": "Anna", "companyName": "X SRL"}));
}

/// Every page of a list, as the names of its customers.
async fn pages(db: &Database, email: Option<&str>, limit: i32) -> Vec<Vec<String>> {
    let (mut after, mut pages) = (None::<Uuid>, Vec::new());
    loop {
        let row = db.client.query_one(&call("customer_list", 4), &[&ORG, &email, &limit, &after]).await.unwrap();
        let page = body(&row);
        assert_eq!(page["limit"], limit);
        let names = page["items"].as_array().unwrap().iter().map(|item| item["email"].as_str().unwrap().to_owned());
        pages.push(names.collect());
        match page["next"].as_str() {
            Some(next) => after = Some(next.parse().unwrap()),
            None => return pages,
        }
    }
}

#[tokio::test]
async fn pages_meet_without_gap_or_overlap_by_time_and_by_address() {
    let db = Database::new().await;
    db.run("DELETE FROM customers").await;
    db.run(&format!(
        "INSERT INTO customers (organization_id, name, email, address, created_at) SELECT '{ORG}', 'n', chr(97 + n % 3) || lpad(n::text, 2, '0') || '_%@X.com',
            '{{\"line1\": \"a\", \"city\": \"b\", \"country\": \"RO\"}}', '2026-01-01'::timestamptz + n / 4 * interval '1 day' FROM generate_series(0, 29) AS n"
    ))
    .await;
    let order = async |filter: &str, order: &str| {
        let sql = format!("SELECT coalesce(string_agg(email, ' ' ORDER BY {order}), '') FROM customers WHERE {filter}");
        let text = db.text(&sql).await;
        text.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    for limit in [1, 7, 30, 100] {
        assert_eq!(pages(&db, None, limit).await.concat(), order("true", "created_at DESC, id DESC").await, "{limit}");
        for beginning in ["b", "B0", "a", "zz", "a0", "a03_%@x", "%"] {
            let found = pages(&db, Some(beginning), limit).await;
            let filter = format!("starts_with(lower(email), lower('{beginning}'))");
            assert_eq!(found.concat(), order(&filter, "lower(email) COLLATE \"C\", id").await, "{beginning} {limit}");
            assert!(found.iter().rev().skip(1).all(|page| page.len() == limit as usize));
        }
    }
    let elsewhere: Option<Uuid> = Some(STRANGER);
    let row = db.client.query_opt(&call("customer_list", 4), &[&ORG, &None::<&str>, &5i32, &elsewhere]).await.unwrap();
    assert!(row.is_none(), "a place of another organisation is none");
}

#[tokio::test]
async fn a_page_of_many_customers_reads_a_few_buffers() {
    let db = Database::new().await;
    db.run(&format!(
        "SET session_replication_role = replica; INSERT INTO customers (organization_id, name, email, address, created_at) SELECT '{ORG}', 'n',
            md5(n::text) || '@example.com', '{{\"line1\": \"a\", \"city\": \"b\", \"country\": \"RO\"}}', '2026-01-01'::timestamptz + n * interval '1 second'
        FROM generate_series(1, 60000) AS n; SET session_replication_role = DEFAULT; ANALYZE customers"
    ))
    .await;
    let middle: Uuid =
        db.text("SELECT id FROM customers ORDER BY created_at DESC OFFSET 30000 LIMIT 1").await.parse().unwrap();
    let deep: Uuid = db
        .text("SELECT id FROM customers WHERE email LIKE 'a%' ORDER BY email OFFSET 3000 LIMIT 1")
        .await
        .parse()
        .unwrap();
    for (email, after) in [
        (None, None),
        (None, Some(middle)),
        (Some("a"), None),
        (Some("a"), Some(deep)),
        (Some("abc"), None),
        (Some(""), None),
    ] {
        let explain = format!("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {}", call("customer_list", 4));
        let row = db.client.query_one(&explain, &[&ORG, &email, &20i32, &after]).await.unwrap();
        let plan: Value = row.get(0);
        let read = |name: &str| plan[0]["Plan"][name].as_u64().unwrap_or_default();
        let buffers = read("Shared Hit Blocks") + read("Shared Read Blocks");
        assert!(buffers < 200, "{email:?} {after:?}: {buffers} buffers, {plan:#}");
    }
}
