//! Whatever is done to tables, triggers and roles is found by cache_faults, and no writing function
//! makes a change that nobody hears of.

use kit::database::rights_of_app;
use uuid::Uuid;

use crate::database::{CUSTOMER, Database, ORG, call, tags_of_status};

/// fault, subject and place of each fault, as the connection finds them.
async fn faults(db: &Database) -> Vec<String> {
    let rows = "SELECT concat_ws(' ', fault, subject, relation, trigger) FROM cache_faults() ORDER BY 1";
    db.client.query(rows, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

/// A database whose connection has a time limit, as the app's have.
async fn database() -> Database {
    let db = Database::new().await;
    db.run("SET statement_timeout = '30s'").await;
    db
}

async fn may_certify(db: &Database) -> bool {
    db.client.query_one("SELECT cache_may_certify()", &[]).await.unwrap().get(0)
}

/// Begins a transaction as a role that has the rights which database/README.md names. Roles belong
/// to the whole server; this one goes with the transaction.
async fn begin_as_app(db: &Database) {
    let grants = rights_of_app("db_tests_app");
    db.run(&format!("BEGIN; CREATE ROLE db_tests_app; {grants} SET LOCAL ROLE db_tests_app")).await;
}

#[tokio::test]
async fn every_trigger_of_a_new_database_is_expected_with_what_it_is_for() {
    let db = database().await;
    let there = "SELECT coalesce(string_agg(t.tgrelid::regclass || '.' || t.tgname, ' '), 'none') FROM pg_trigger t
        WHERE NOT t.tgisinternal AND NOT EXISTS (SELECT FROM expected_triggers() e
            WHERE to_regclass(e.relation) = t.tgrelid AND e.trigger = t.tgname
                AND (e.always = (t.tgenabled = 'A') OR e.trigger LIKE 'count%')
                AND e.announces = (t.tgfoid::regproc::text ~ '^(announce|touch|bump)'))";
    assert_eq!(db.text(there).await, "none", "expected_triggers() lacks them, or says else of them");
    assert_eq!(faults(&db).await, Vec::<String>::new());
    assert!(may_certify(&db).await);
}

#[tokio::test]
async fn every_table_is_one_of_the_products() {
    let db = database().await;
    let tables = "SELECT string_agg(c.relname, ' ' ORDER BY c.relname) FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname NOT LIKE 'schema\\_%'";
    let listed = "SELECT string_agg(name, ' ' ORDER BY name) FROM unnest(product_tables()) AS name";
    assert_eq!(db.text(listed).await, db.text(tables).await);
}

#[tokio::test]
async fn a_role_with_the_documented_rights_finds_no_fault_and_can_work() {
    let db = database().await;
    begin_as_app(&db).await;
    assert_eq!(faults(&db).await, Vec::<String>::new());
    let id = Uuid::now_v7();
    let request =
        serde_json::json!({"customerId": CUSTOMER, "currency": "EUR", "items": [{"sku": "CUP", "quantity": 1}]});
    let row = db.create(&request, "key", id).await;
    assert_eq!(row.get::<_, &str>("outcome"), "created");
    let renewed = db.client.query_one(&call("cache_renew", 5), &[&"a", &"run", &"", &"", &2]).await.unwrap();
    assert_eq!(renewed.get::<_, &str>("outcome"), "ok");
    db.client.execute(&call("cache_forget", 1), &[&renewed.get::<_, Vec<i64>>("ids")]).await.unwrap();
    db.run("ROLLBACK").await;
}

#[tokio::test]
async fn a_right_that_the_role_lacks_is_named() {
    let db = database().await;
    begin_as_app(&db).await;
    db.run("RESET ROLE; REVOKE UPDATE, DELETE ON cache_invalidations, payment_audit FROM db_tests_app; REVOKE SELECT ON orders FROM db_tests_app; SET LOCAL ROLE db_tests_app").await;
    assert_eq!(
        faults(&db).await,
        ["right DELETE cache_invalidations", "right SELECT orders", "right UPDATE cache_invalidations"]
    );
    db.run("ROLLBACK").await;
}

#[tokio::test]
async fn row_security_that_hides_rows_from_the_role_is_named_and_nothing_is_certified() {
    let db = database().await;
    for table in ["orders", "cache_invalidations", "cache_state"] {
        begin_as_app(&db).await;
        db.run(&format!("RESET ROLE; ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; SET LOCAL ROLE db_tests_app"))
            .await;
        assert_eq!(faults(&db).await, [format!("row_security role {table}")]);
        assert!(!may_certify(&db).await);
        db.run("RESET ROLE").await;
        assert!(may_certify(&db).await, "{table}: a role that row-level security passes by sees all rows");
        db.run("ROLLBACK").await;
    }
}

#[tokio::test]
async fn row_security_that_hides_rows_from_the_owner_of_the_triggers_is_named() {
    let db = database().await;
    begin_as_app(&db).await;
    db.run(
        "RESET ROLE; CREATE ROLE db_tests_owner; GRANT CREATE ON SCHEMA public TO db_tests_owner;
        ALTER TABLE orders OWNER TO db_tests_owner; ALTER FUNCTION tables_hidden_from_owner() OWNER TO db_tests_owner;
        ALTER TABLE orders ENABLE ROW LEVEL SECURITY",
    )
    .await;
    assert_eq!(faults(&db).await, Vec::<String>::new(), "an owner sees all rows");
    db.run("ALTER TABLE orders FORCE ROW LEVEL SECURITY").await;
    assert_eq!(faults(&db).await, ["row_security owner orders"]);
    assert!(!may_certify(&db).await);
    db.run("ROLLBACK").await;
}

#[tokio::test]
async fn a_writer_gets_its_tags_through_row_security_on_the_outbox() {
    let db = database().await;
    let id = db.order().await;
    begin_as_app(&db).await;
    db.run("RESET ROLE; ALTER TABLE cache_invalidations ENABLE ROW LEVEL SECURITY; SET LOCAL ROLE db_tests_app").await;
    let change = "SELECT tags FROM order_patch($1, $2, NULL, NULL, 'confirmed', '{pending}', false, NULL, NULL, false)";
    let row = db.client.query_one(change, &[&ORG, &id]).await.unwrap();
    let mut announced: Vec<String> = row.get("tags");
    announced.sort();
    assert_eq!(announced, tags_of_status(id, &[CUSTOMER], &["confirmed", "pending"]));
    db.run("ROLLBACK").await;
}

#[tokio::test]
async fn a_trigger_that_is_missing_disabled_or_not_always_is_named() {
    let db = database().await;
    for (change, found, certified) in [
        ("ALTER TABLE orders DISABLE TRIGGER announce_update", "trigger disabled orders announce_update", false),
        ("ALTER TABLE orders ENABLE REPLICA TRIGGER bump_version", "trigger disabled orders bump_version", false),
        ("ALTER TABLE shipments ENABLE TRIGGER touch_on_insert", "trigger not always shipments touch_on_insert", false),
        ("DROP TRIGGER announce_delete ON customers", "trigger missing customers announce_delete", false),
        (
            "ALTER TABLE orders DISABLE TRIGGER payments_of_new_orders",
            "trigger disabled orders payments_of_new_orders",
            true,
        ),
        ("ALTER TABLE payments ENABLE TRIGGER audit", "trigger not always payments audit", true),
    ] {
        db.run(&format!("BEGIN; {change}")).await;
        assert_eq!(faults(&db).await, [found], "{change}");
        assert_eq!(may_certify(&db).await, certified, "{change}");
        db.run("ROLLBACK").await;
    }
    // As restores and bulk loads leave a table behind.
    db.run("BEGIN; ALTER TABLE orders DISABLE TRIGGER ALL; ALTER TABLE orders ENABLE TRIGGER ALL").await;
    assert_eq!(faults(&db).await.len(), 18);
    assert!(!may_certify(&db).await);
    db.run("ROLLBACK").await;
}

#[tokio::test]
async fn a_change_that_no_trigger_would_announce_is_not_made() {
    let db = database().await;
    let id = db.order().await;
    let request =
        serde_json::json!({"customerId": CUSTOMER, "currency": "EUR", "items": [{"sku": "CUP", "quantity": 1}]});
    let calls = [
        format!(
            "SELECT * FROM order_patch('{ORG}', '{id}', NULL, NULL, 'confirmed', '{{pending}}', false, NULL, NULL, false)"
        ),
        format!("SELECT * FROM order_delete('{ORG}', '{id}', false, NULL)"),
        format!("SELECT * FROM order_set_statuses('{ORG}', '{{{id}}}', 'confirmed', '{{pending}}')"),
        format!("SELECT * FROM order_create('{ORG}', '{request}', 'somebody', 'key', 'hash', '{}')", Uuid::now_v7()),
    ];
    for state in ["DISABLE TRIGGER USER", "DISABLE TRIGGER announce_insert, DISABLE TRIGGER announce_update"] {
        db.run(&format!("ALTER TABLE orders {state}")).await;
        for call in &calls {
            assert_eq!(db.refusal(call).await, "OB001", "{state}: {call}");
        }
    }
    assert_eq!(db.text("SELECT count(*) FROM orders WHERE status = 'pending' AND deleted_at IS NULL").await, "1");
    assert!(db.announced().await.is_empty());
    // A trigger that fires for a session like this one is as good as ALWAYS to its writer.
    db.run("ALTER TABLE orders ENABLE TRIGGER USER").await;
    db.run(&calls[0]).await;
    assert_eq!(db.announced().await.len(), 1);
    db.run("ALTER TABLE payment_sessions DISABLE TRIGGER announce_update").await;
    assert_eq!(db.refusal("SELECT * FROM session_sweep(10)").await, "OB001");
}

#[tokio::test]
async fn a_read_only_database_another_isolation_and_a_lost_time_limit_are_named() {
    let db = database().await;
    db.run("SET default_transaction_read_only = on; SET statement_timeout = 0").await;
    assert_eq!(faults(&db).await, ["read_only", "time_limit"]);
    assert!(may_certify(&db).await);
    db.run("SET default_transaction_read_only = off; SET statement_timeout = '30s'").await;
    db.run("SET default_transaction_isolation = 'repeatable read'").await;
    assert_eq!(faults(&db).await, ["isolation repeatable read"]);
    assert!(!may_certify(&db).await);
}
