//! Every change of an order, or of anything shown with it, is in the outbox, whichever program
//! makes it.

use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::database::{
    CUSTOMER, Database, ORG, OTHER_CUSTOMER, OTHER_ORG, STRANGER, call, set, tags, tags_of_no_number, tags_of_status,
    tenant,
};

fn everything() -> Vec<Vec<String>> {
    vec![vec!["*".to_owned()]]
}

#[tokio::test]
async fn a_new_order_announces_itself_its_organisation_customer_and_status() {
    let db = Database::new().await;
    let id = Uuid::now_v7();
    db.run(&format!("INSERT INTO orders (id, organization_id, customer_id, currency, total_amount) VALUES ('{id}', '{ORG}', '{CUSTOMER}', 'EUR', 0)")).await;
    assert_eq!(db.announced().await, [tags(id, &[CUSTOMER], &["pending"])]);
}

#[tokio::test]
async fn an_update_announces_what_was_and_what_is() {
    let db = Database::new().await;
    let id = db.order().await;
    db.run(&format!("UPDATE orders SET status = 'confirmed' WHERE id = '{id}'")).await;
    assert_eq!(db.announced().await, [tags_of_status(id, &[CUSTOMER], &["pending", "confirmed"])], "another status");
    db.run(&format!("UPDATE orders SET customer_id = '{OTHER_CUSTOMER}' WHERE id = '{id}'")).await;
    let mut expected = tags(id, &[CUSTOMER, OTHER_CUSTOMER], &["confirmed"]);
    expected.retain(|tag| tag != "all" && !tag.starts_with("counts:"));
    assert_eq!(db.announced().await, [expected], "another customer");
    db.run(&format!("UPDATE orders SET organization_id = '{OTHER_ORG}', customer_id = '{STRANGER}' WHERE id = '{id}'"))
        .await;
    let moved = [
        "all".to_owned(),
        format!("counts:{OTHER_ORG}"),
        format!("customer:{OTHER_ORG}/{STRANGER}"),
        format!("order:{OTHER_ORG}/{id}"),
        format!("orders:{OTHER_ORG}"),
        format!("orders:{OTHER_ORG}/currency/EUR"),
        format!("orders:{OTHER_ORG}/customer/{STRANGER}"),
        format!("orders:{OTHER_ORG}/payment/unpaid"),
        format!("orders:{OTHER_ORG}/status/confirmed"),
        format!("org:{OTHER_ORG}"),
        format!("status:{OTHER_ORG}/confirmed"),
    ];
    let mut announced = db.announced().await;
    announced.sort();
    assert_eq!(announced, [tags(id, &[OTHER_CUSTOMER], &["confirmed"]), moved.to_vec()], "a row for each organisation");
    let items = format!(
        "SELECT string_agg(organization_id || '/' || customer_id, ',') FROM order_items WHERE order_id = '{id}'"
    );
    assert_eq!(db.text(&items).await, format!("{OTHER_ORG}/{STRANGER}"), "its items go with it");
}

#[tokio::test]
async fn a_deletion_announces_what_was() {
    let db = Database::new().await;
    let id = db.order().await;
    db.run(&format!("DELETE FROM orders WHERE id = '{id}'")).await;
    assert_eq!(db.announced().await, [tags(id, &[CUSTOMER], &["pending"])]);
}

#[tokio::test]
async fn every_change_of_a_child_announces_its_order_once() {
    let db = Database::new().await;
    let id = db.order().await;
    let keys = format!("'{id}', '{ORG}', '{CUSTOMER}'");
    let changes = [
        format!(
            "INSERT INTO order_items (order_id, organization_id, customer_id, position, sku, name, quantity, currency, unit_price) VALUES ({keys}, 2, 'GIFT', 'Gift', 1, 'EUR', 0)"
        ),
        "UPDATE order_items SET name = 'Present' WHERE position = 2".to_owned(),
        "DELETE FROM order_items WHERE position = 2".to_owned(),
        format!(
            "INSERT INTO payments (order_id, organization_id, customer_id, provider, account, external_id, status, currency, amount) VALUES ({keys}, 'stripe', 'a', 'pi_1', 'pending', 'EUR', 9.99)"
        ),
        "UPDATE payments SET status = 'failed'".to_owned(),
        "DELETE FROM payments".to_owned(),
        format!("INSERT INTO shipments (order_id, organization_id, customer_id, carrier) VALUES ({keys}, 'DHL')"),
        "UPDATE shipments SET tracking_number = '1'".to_owned(),
        "DELETE FROM shipments".to_owned(),
        format!(
            "BEGIN; INSERT INTO invoices (order_id, organization_id, customer_id, order_number, series, number, issue_date, due_date, seller_name, seller_cui, seller_address, buyer_name, buyer_address, currency, vat_rate, net_amount, vat_amount, gross_amount, ron_rate, vat_amount_ron) VALUES ({keys}, 'X', 'A', 1, '2026-01-01', '2026-01-15', 's', 'RO18189442', '{{\"line1\": \"a\", \"city\": \"b\", \"country\": \"RO\"}}', 'b', '{{\"line1\": \"a\", \"city\": \"b\", \"country\": \"RO\"}}', 'EUR', 21, 8.26, 1.73, 9.99, 5, 8.65);
            INSERT INTO invoice_lines (order_id, position, sku, name, quantity, currency, unit_price, vat_category, vat_rate, net_amount, vat_amount, gross_amount) VALUES ('{id}', 1, 'CUP', 'Cup', 1, 'EUR', 9.99, 'S', 21, 8.26, 1.73, 9.99); COMMIT"
        ),
        format!(
            "BEGIN; INSERT INTO credit_notes (id, order_id, organization_id, series, number, issue_date, currency, net_amount, vat_amount, gross_amount, ron_rate, vat_amount_ron) VALUES ('{id}', '{id}', '{ORG}', 'C', 1, '2026-01-01', 'EUR', 0.83, 0.17, 1, 5, 0.85);
            INSERT INTO credit_note_lines (credit_note_id, order_id, position, name, currency, vat_category, vat_rate, net_amount, vat_amount, gross_amount) VALUES ('{id}', '{id}', 1, 'x', 'EUR', 'S', 21, 0.83, 0.17, 1); COMMIT"
        ),
    ];
    // What was issued is changed by bulk loads and restores alone.
    let issued = [
        "UPDATE invoices SET number = 2",
        "UPDATE invoice_lines SET name = 'x'",
        "UPDATE credit_notes SET reason = 'x'",
        "UPDATE credit_note_lines SET name = 'x'",
        "DELETE FROM credit_note_lines",
        "DELETE FROM credit_notes",
        "DELETE FROM invoice_lines",
        "DELETE FROM invoices",
    ];
    let issued = issued.map(|change| format!("SET LOCAL session_replication_role = replica; {change}"));
    let changes: Vec<String> = changes.into_iter().chain(issued).collect();
    for (count, change) in changes.iter().enumerate() {
        db.run(change).await;
        assert_eq!(db.announced().await, [tags_of_no_number(id, &[CUSTOMER], &["pending"])], "{change}");
        assert_eq!(db.version(id).await, count as i64 + 2, "{change}");
    }
}

#[tokio::test]
async fn a_child_that_moves_announces_both_orders() {
    let db = Database::new().await;
    let (from, to) = (db.order().await, db.order().await);
    db.run(&format!("INSERT INTO shipments (order_id, organization_id, customer_id, carrier) VALUES ('{from}', '{ORG}', '{CUSTOMER}', 'DHL')")).await;
    db.announced().await;
    db.run(&format!("UPDATE shipments SET order_id = '{to}'")).await;
    let mut both = tags_of_no_number(from, &[CUSTOMER], &["pending"]);
    both.push(format!("order:{ORG}/{to}"));
    both.sort();
    assert_eq!(db.announced().await, [both]);
}

#[tokio::test]
async fn up_to_200_rows_are_named_and_more_are_their_organisation() {
    let db = Database::new().await;
    let insert = |count: u32| {
        format!(
            "INSERT INTO orders (organization_id, customer_id, currency, total_amount) SELECT '{ORG}', '{CUSTOMER}', 'EUR', 0 FROM generate_series(1, {count})"
        )
    };
    db.run(&insert(200)).await;
    assert_eq!(db.announced().await[0].len(), 210);
    db.run("UPDATE orders SET notes = 'x'").await;
    assert_eq!(db.announced().await[0].len(), 203, "no number has moved");
    db.run(&insert(201)).await;
    assert_eq!(db.announced().await, [tenant(ORG)]);
    db.run("UPDATE orders SET notes = 'y'").await;
    assert_eq!(db.announced().await, [tenant(ORG)]);
    db.run("INSERT INTO shipments (order_id, organization_id, customer_id, carrier) SELECT id, organization_id, customer_id, 'DHL' FROM orders").await;
    assert_eq!(db.announced().await, [tenant(ORG)], "by way of children");
    db.run("DELETE FROM orders").await;
    assert_eq!(db.announced().await, [tenant(ORG)]);
}

#[tokio::test]
async fn a_table_that_is_emptied_says_everything() {
    let db = Database::new().await;
    for table in [
        "order_items",
        "payments CASCADE",
        "shipments",
        "credit_note_lines",
        "credit_notes CASCADE",
        "invoice_lines CASCADE",
        "invoices CASCADE",
        "orders CASCADE",
        "customers CASCADE",
    ] {
        db.run(&format!("TRUNCATE {table}")).await;
        let announced = db.announced().await;
        assert!(!announced.is_empty() && announced.iter().all(|tags| tags == &["*"]), "{table}: {announced:?}");
    }
}

/// The sets of ORG that a statement announces, each without its beginning.
async fn sets(db: &Database, change: &str) -> Vec<String> {
    db.run(change).await;
    let announced = db.announced().await.concat();
    let sets = announced.iter().filter_map(|tag| tag.strip_prefix(&format!("orders:{ORG}")));
    sets.map(str::to_owned).collect()
}

/// The set of all, and those of a customer, a currency, a payment status and a status.
fn all_sets(customer: Uuid, currency: &str, payment: &str, status: &str) -> Vec<String> {
    let of_customer = format!("/customer/{customer}");
    let narrow = [format!("/currency/{currency}"), of_customer, format!("/payment/{payment}")];
    let mut sets = [&["".to_owned()][..], &narrow, &[format!("/status/{status}")]].concat();
    sets.sort();
    sets
}

#[tokio::test]
async fn a_change_announces_the_sets_that_it_may_move_and_no_others() {
    let db = Database::new().await;
    let id = db.order().await;
    let of = |change: &str| format!("UPDATE orders SET {change} WHERE id = '{id}'");
    let none: Vec<String> = Vec::new();
    let whole = |payment, status| all_sets(CUSTOMER, "EUR", payment, status);
    let both = |mut one: Vec<String>, other: Vec<String>| {
        one.extend(other);
        one.sort();
        one.dedup();
        one
    };
    let table = [
        (of("notes = 'x', shipping_address = NULL, external_transaction_id = 'y'"), none.clone()),
        ("UPDATE order_items SET name = 'x'".to_owned(), none.clone()),
        (of("status = 'confirmed'"), vec!["/status/confirmed".to_owned(), "/status/pending".to_owned()]),
        (
            of("payment_status = 'paid'"),
            vec!["/payment/paid".to_owned(), "/payment/unpaid".to_owned(), "/status/confirmed".to_owned()],
        ),
        (of("created_at = created_at - interval '1 day'"), whole("paid", "confirmed")),
        (of("order_number = 'X-1'"), whole("paid", "confirmed")),
        (of("deleted_at = now()"), whole("paid", "confirmed")),
        (of("notes = 'of one that is hidden'"), none.clone()),
        (of("deleted_at = NULL"), whole("paid", "confirmed")),
        (
            of(&format!("customer_id = '{OTHER_CUSTOMER}'")),
            both(whole("paid", "confirmed"), all_sets(OTHER_CUSTOMER, "EUR", "paid", "confirmed")),
        ),
        (
            of(&format!("organization_id = '{OTHER_ORG}', customer_id = '{STRANGER}'")),
            all_sets(OTHER_CUSTOMER, "EUR", "paid", "confirmed"),
        ),
        (
            of(&format!("organization_id = '{ORG}', customer_id = '{CUSTOMER}', status = 'pending'")),
            whole("paid", "pending"),
        ),
        (format!("DELETE FROM orders WHERE id = '{id}'"), whole("paid", "pending")),
        (
            format!(
                "INSERT INTO orders (id, organization_id, customer_id, currency, total_amount)
                 VALUES ('{id}', '{ORG}', '{CUSTOMER}', 'RON', 0)"
            ),
            all_sets(CUSTOMER, "RON", "unpaid", "pending"),
        ),
        (
            format!("SET LOCAL session_replication_role = replica; {}", of("total_amount = 1")),
            all_sets(CUSTOMER, "RON", "unpaid", "pending"),
        ),
        (of("currency = 'EUR'"), both(all_sets(CUSTOMER, "RON", "unpaid", "pending"), whole("unpaid", "pending"))),
        (
            format!("SET LOCAL session_replication_role = replica; {}", of(&format!("id = '{ORG}'"))),
            whole("unpaid", "pending"),
        ),
    ];
    for (change, expected) in table {
        assert_eq!(sets(&db, &change).await, expected, "{change}");
    }
}

#[tokio::test]
async fn one_statement_over_many_orders_announces_the_sets_of_each() {
    let db = Database::new().await;
    let (one, other, third) = (db.order().await, db.order().await, db.order().await);
    db.run(&format!("UPDATE orders SET status = 'confirmed' WHERE id = '{other}'")).await;
    db.announced().await;
    let change = format!(
        "UPDATE orders SET notes = 'x', status = CASE WHEN id = '{one}' THEN 'processing' ELSE status END,
            payment_status = CASE WHEN id = '{other}' THEN 'paid' ELSE payment_status END
         WHERE id IN ('{one}', '{other}', '{third}')"
    );
    let expected = ["/payment/paid", "/payment/unpaid", "/status/confirmed", "/status/pending", "/status/processing"];
    assert_eq!(sets(&db, &change).await, expected);
}

/// A page's own tag says too much; its parts say what it is made of.
#[tokio::test]
async fn a_page_names_its_set_and_the_orders_that_it_shows() {
    let db = Database::new().await;
    let (first, second) = (db.order().await, db.order().await);
    db.run(&format!("UPDATE orders SET created_at = created_at - interval '1 day' WHERE id = '{first}'")).await;
    let order = |id: Uuid| format!("order:{ORG}/{id}");
    let always = || vec![format!("tenant:{ORG}"), format!("lists:{ORG}")];
    let parts = async |customer: Option<Uuid>, status: Option<&str>, payment: Option<&str>, sort: &str, limit: i32| {
        let none: Option<&str> = None;
        let params: [&(dyn ToSql + Sync); 12] =
            [&ORG, &customer, &status, &payment, &none, &none, &none, &none, &sort, &"desc", &limit, &0_i32];
        db.client.query_one(&call("order_list", 12), &params).await.unwrap().get::<_, Vec<String>>("parts")
    };
    let with =
        |of: &str, orders: &[Uuid]| [always(), vec![set(of)], orders.iter().copied().map(order).collect()].concat();
    assert_eq!(parts(None, None, None, "createdAt", 20).await, with("", &[second, first]));
    assert_eq!(parts(None, None, None, "totalAmount", 1).await.len(), 4, "no more than it shows");
    assert_eq!(parts(None, Some("shipped"), None, "createdAt", 20).await, with("/status/shipped", &[]));
    assert_eq!(
        parts(None, Some("pending"), Some("unpaid"), "createdAt", 1).await,
        with("/status/pending", &[second]),
        "a payment status moves the sets of statuses, too"
    );
    assert_eq!(parts(None, None, Some("unpaid"), "orderNumber", 1).await[2], set("/payment/unpaid"));
    let of_customer = format!("/customer/{CUSTOMER}");
    assert_eq!(parts(Some(CUSTOMER), None, None, "createdAt", 20).await, with(&of_customer, &[second, first]));
    let history = db.client.query_one(&call("order_history", 4), &[&ORG, &CUSTOMER, &1_i32, &1_i32]).await.unwrap();
    assert_eq!(history.get::<_, Vec<String>>("parts"), with(&of_customer, &[first]), "its second page");
    for (customer, status, payment, sort) in [
        (None, None, None, "updatedAt"),
        (None, None, None, "status"),
        (Some(CUSTOMER), Some("pending"), None, "createdAt"),
        (Some(CUSTOMER), None, Some("unpaid"), "createdAt"),
    ] {
        assert!(parts(customer, status, payment, sort, 20).await.is_empty(), "its tag alone decides: {sort}");
    }
}

/// A note says that an update has moved no order. It counts for a transaction, or is missing.
#[tokio::test]
async fn an_order_that_moves_is_seen_after_one_that_stays_and_where_no_trigger_notes_it() {
    let db = Database::new().await;
    let id = db.order().await;
    let of = |change: &str| format!("UPDATE orders SET {change} WHERE id = '{id}'");
    let undone = format!("SAVEPOINT s; {}; ROLLBACK TO s", of("status = 'shipped'"));
    for (number, changes) in [
        ("A-1", vec![of("notes = 'x'"), of("status = 'confirmed', order_number = 'A-1'")]),
        ("B-2", vec![of("status = 'processing', order_number = 'B-2'"), of("notes = 'y'")]),
        ("C-3", vec![of("notes = 'z'"), undone, of("status = 'shipped', order_number = 'C-3'")]),
        (
            "D-4",
            vec![
                "SET LOCAL session_replication_role = replica".into(),
                of("status = 'delivered', order_number = 'D-4'"),
            ],
        ),
        (
            "E-5",
            vec![
                "ALTER TABLE orders DISABLE TRIGGER note_move".into(),
                of("status = 'cancelled', order_number = 'E-5'"),
            ],
        ),
    ] {
        let status = db.text("SELECT status FROM orders").await;
        let moved = sets(&db, &format!("BEGIN; {}; COMMIT", changes.join("; "))).await;
        assert!(moved.contains(&format!("/status/{status}")), "{changes:?}: {moved:?}");
        let found = format!(
            "SELECT string_agg(DISTINCT word, ' ') FROM order_words WHERE field = 'number' AND word = search_code('{number}')"
        );
        assert_eq!(db.text(&found).await, db.text(&format!("SELECT search_code('{number}')")).await, "{changes:?}");
        let counted = "SELECT string_agg(s, ' ') FROM (SELECT status AS s FROM (
                SELECT status, orders FROM order_counts UNION ALL SELECT status, orders FROM order_count_changes
            ) AS c GROUP BY status HAVING sum(orders) <> 0) AS t";
        assert_eq!(db.text(counted).await, db.text("SELECT status FROM orders").await, "{changes:?}");
    }
}

/// Postgres parses and plans a function that it can't put inline in each statement that calls it,
/// which takes longer than to write what it gives.
#[tokio::test]
async fn functions_that_name_tags_are_put_inline() {
    let db = Database::new().await;
    let functions = "SELECT p.proname::text AS name, ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) AS t)
        AS types FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
        WHERE l.lanname = 'sql' AND p.pronamespace = 'public'::regnamespace AND p.prorettype IN ('text'::regtype,
            'text[]'::regtype) AND p.proname ~ '_tags?$' AND NOT p.proretset";
    let functions = db.client.query(functions, &[]).await.unwrap();
    assert!(functions.len() >= 6, "of orders, their sets, products, schemas, checkouts and sessions");
    for function in functions {
        let (name, types): (String, Vec<String>) = (function.get("name"), function.get("types"));
        let given: Vec<_> = types.iter().enumerate().map(|(n, kind)| format!("NULL::{kind} AS p{n}")).collect();
        let params: Vec<_> = (0..types.len()).map(|n| format!("p{n}")).collect();
        let (given, params) = (given.join(", "), params.join(", "));
        // What is offset isn't folded into constants.
        let plan = format!("EXPLAIN (VERBOSE, COSTS OFF) SELECT {name}({params}) FROM (SELECT {given} OFFSET 0) AS t");
        let plan: Vec<String> = db.client.query(&plan, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
        assert!(!plan.concat().contains(&format!("{name}(")), "{plan:#?}");
    }
}

#[tokio::test]
async fn a_statement_that_touches_nothing_announces_nothing() {
    let db = Database::new().await;
    db.run("UPDATE orders SET notes = 'x'; DELETE FROM orders; UPDATE shipments SET carrier = 'x'; DELETE FROM customers WHERE name = 'nobody'").await;
    assert_eq!(db.announced().await, Vec::<Vec<String>>::new());
}

#[tokio::test]
async fn replication_and_bulk_loads_announce_too() {
    let db = Database::new().await;
    let id = db.order().await;
    db.run("SET session_replication_role = replica").await;
    db.run(&format!("UPDATE orders SET notes = 'x' WHERE id = '{id}'")).await;
    assert_eq!(db.announced().await, [tags_of_no_number(id, &[CUSTOMER], &["pending"])]);
    db.run("UPDATE order_items SET name = 'x'").await;
    assert_eq!(db.announced().await, [tags_of_no_number(id, &[CUSTOMER], &["pending"])]);
    assert_eq!(db.version(id).await, 3);
    db.run(&format!("DELETE FROM orders WHERE id = '{id}'")).await;
    assert_eq!(db.announced().await, [tags(id, &[CUSTOMER], &["pending"])]);
    db.run("TRUNCATE order_items").await;
    assert_eq!(db.announced().await, everything());
}

#[tokio::test]
async fn no_announcement_is_left_out_by_a_setting() {
    let db = Database::new().await;
    let sleeping = "SELECT string_agg(tgrelid::regclass || '.' || tgname, ', ') FROM pg_trigger
        WHERE NOT tgisinternal AND tgenabled <> 'A' AND tgfoid::regproc::text ~ '^(announce|touch|bump)'";
    assert_eq!(db.text(&format!("SELECT coalesce(({sleeping}), 'none')")).await, "none");
}

#[tokio::test]
async fn who_may_change_orders_announces_without_a_right_on_the_outbox() {
    let db = Database::new().await;
    let id = db.order().await;
    // Roles belong to the whole server; this one goes with the transaction.
    db.run(&format!(
        "BEGIN; CREATE ROLE db_tests_back_office; GRANT SELECT, UPDATE ON orders, shipments TO db_tests_back_office; GRANT INSERT ON shipments TO db_tests_back_office;
         SET LOCAL ROLE db_tests_back_office; SET LOCAL search_path = pg_catalog;
         UPDATE public.orders SET notes = 'x' WHERE id = '{id}';
         RESET ROLE; DROP OWNED BY db_tests_back_office; DROP ROLE db_tests_back_office; COMMIT"
    ))
    .await;
    assert_eq!(db.announced().await, [tags_of_no_number(id, &[CUSTOMER], &["pending"])]);
}

#[tokio::test]
async fn a_customer_that_goes_announces_its_history() {
    let db = Database::new().await;
    let history = async || {
        let announced = db.announced().await.concat();
        let shown = |tag: &String| tag.starts_with("customer:") || tag.starts_with("orders:");
        announced.into_iter().filter(shown).collect::<Vec<_>>()
    };
    let gone = |customer: Uuid| [format!("customer:{ORG}/{customer}"), set(&format!("/customer/{customer}"))];
    db.run(&format!("UPDATE customers SET name = 'x' WHERE id = '{CUSTOMER}'")).await;
    assert!(history().await.is_empty(), "a history shows no name");
    db.run(&format!("DELETE FROM customers WHERE id = '{CUSTOMER}'")).await;
    assert_eq!(history().await, gone(CUSTOMER));
    db.run(&format!("UPDATE customers SET organization_id = '{OTHER_ORG}' WHERE id = '{OTHER_CUSTOMER}'")).await;
    assert_eq!(history().await, gone(OTHER_CUSTOMER));
}

/// Else a change of many rows would announce everything, and a row could be of two organisations.
#[tokio::test]
async fn triggers_announce_by_the_functions_that_know_tenants() {
    let db = Database::new().await;
    let own = "SELECT coalesce(string_agg(proname, ', ' ORDER BY proname), '') FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND prorettype = 'trigger'::regtype
            AND prosrc ~ 'INTO cache_invalidations'";
    let both = "announce_everything, announce_orders";
    assert_eq!(db.text(own).await, both, "TRUNCATE, and an order that stays where it is");
}

#[tokio::test]
async fn what_is_rolled_back_announces_nothing() {
    let db = Database::new().await;
    let id = db.order().await;
    db.run(&format!("BEGIN; UPDATE orders SET notes = 'x' WHERE id = '{id}'; ROLLBACK")).await;
    assert!(db.announced().await.is_empty());
    assert_eq!(db.version(id).await, 1);
}
