//! Customer service's search: the words that orders are found by, whichever program changes them,
//! and what is found by them.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::database::{CUSTOMER, Database, ORG, OTHER_CUSTOMER, OTHER_ORG, call};

/// Words that are there and shouldn't be, or the other way round.
const DIFFERENCES: &str = "SELECT coalesce(string_agg(d.field || ' ' || d.word, ', '), '') FROM (
    (SELECT order_id, organization_id, field, word FROM order_words
        EXCEPT SELECT order_id, organization_id, field, word FROM order_word_sources)
    UNION ALL (SELECT order_id, organization_id, field, word FROM order_word_sources
        EXCEPT SELECT order_id, organization_id, field, word FROM order_words)
    UNION ALL (SELECT customer_id, organization_id, field, word FROM customer_words
        EXCEPT SELECT customer_id, organization_id, field, word FROM customer_word_sources)
    UNION ALL (SELECT customer_id, organization_id, field, word FROM customer_word_sources
        EXCEPT SELECT customer_id, organization_id, field, word FROM customer_words)) AS d";

async fn words(db: &Database, field: &str) -> String {
    let words = "SELECT coalesce(string_agg(DISTINCT word, ' ' ORDER BY word), '-') FROM";
    db.text(&format!(
        "{words} (SELECT field, word FROM order_words UNION ALL SELECT field, word FROM customer_words) AS w WHERE field = '{field}'"
    ))
    .await
}

async fn search(db: &Database, organization: Uuid, sought: &str) -> Value {
    let row = db.client.query_one(&call("order_search", 2), &[&organization, &sought]).await.unwrap();
    serde_json::from_str(row.get("body")).unwrap()
}

/// The ids that are found and the fields they are found by, in their order.
async fn found(db: &Database, sought: &str) -> Vec<(String, Vec<String>)> {
    let found = search(db, ORG, sought).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let items = found["items"].as_array().unwrap().iter();
    items.map(|item| (text(&item["id"]), item["matched"].as_array().unwrap().iter().map(text).collect())).collect()
}

/// Places an order of a customer to a recipient with a telephone.
async fn order(db: &Database, customer: Uuid, name: &str, phone: &str) -> Uuid {
    let id = Uuid::now_v7();
    let address = json!({"name": name, "phone": phone, "line1": "a", "city": "b", "country": "RO"});
    let request = json!({"customerId": customer, "currency": "EUR", "shippingAddress": address,
        "items": [{"sku": "CUP", "quantity": 1}, {"sku": "CUP", "quantity": 2}]});
    let made = db.create(&request, &id.to_string(), id).await;
    assert_eq!(made.get::<_, &str>("outcome"), "created");
    id
}

fn ship(order: Uuid, number: &str) -> String {
    format!(
        "INSERT INTO shipments (order_id, organization_id, customer_id, carrier, tracking_number)
         SELECT id, organization_id, customer_id, 'DHL', '{number}' FROM orders WHERE id = '{order}'"
    )
}

fn pay(order: Uuid, external: &str) -> String {
    format!(
        "INSERT INTO payments (order_id, organization_id, customer_id, provider, account, external_id, status, currency, amount)
         SELECT id, organization_id, customer_id, 'stripe', 'acct_1', '{external}', 'pending', currency, total_amount FROM orders WHERE id = '{order}'"
    )
}

#[tokio::test]
async fn words_follow_every_change_whichever_program_makes_it() {
    let db = Database::new().await;
    let id = order(&db, CUSTOMER, "Ionuț Pop", "+40 722 000 111").await;
    assert_eq!(words(&db, "sku").await, "cup");
    assert_eq!(words(&db, "name").await, "ana ionut pop radu vlad");
    let replica = |sql: &str| format!("SET session_replication_role = replica; {sql}; RESET session_replication_role");
    let of_order = |change: &str| format!("UPDATE orders SET {change} WHERE id = '{id}'");
    for (change, field, expected) in [
        (of_order("order_number = 'SHOP-77'"), "number", "shop77"),
        (of_order("order_number = 'SHOP-78'"), "number_end", "87pohs"),
        (of_order("external_transaction_id = 'pi_Abc'"), "transaction", "piabc"),
        (of_order("notes = 'x'"), "phone", "*722000111 40722000111"),
        (of_order("shipping_address = shipping_address || '{\"phone\": \"0040 1\"}'"), "phone", "*1 401"),
        (of_order("shipping_address = NULL"), "name", "ana radu vlad"),
        (ship(id, "AB-12"), "tracking", "ab12"),
        ("UPDATE shipments SET tracking_number = 'AB-13'".into(), "tracking", "ab13"),
        (pay(id, "ch_1"), "payment", "ch1"),
        // One of two lines, and both.
        (format!("UPDATE order_items SET sku = 'JUG' WHERE order_id = '{id}' AND position = 1"), "sku", "cup jug"),
        (replica(&format!("UPDATE order_items SET sku = 'JUG' WHERE order_id = '{id}'")), "sku", "jug"),
        (of_order("deleted_at = now()"), "tracking", "-"),
        (of_order("notes = 'y'"), "number", "-"),
        (of_order("deleted_at = NULL"), "payment", "ch1"),
        ("DELETE FROM shipments".into(), "tracking", "-"),
        ("BEGIN; UPDATE customers SET name = 'Zoe' WHERE name = 'Ana'; ROLLBACK".into(), "name", "ana radu vlad"),
        ("UPDATE customers SET name = 'Zoe' WHERE name = 'Ana'".into(), "name", "radu vlad zoe"),
        (
            "UPDATE customers SET company_name = 'ACME', cui = 'RO18189442' WHERE name = 'Zoe'".into(),
            "name",
            "acme radu vlad zoe",
        ),
        (
            replica("UPDATE customers SET email = 'NEW@x.y' WHERE name = 'Zoe'"),
            "email",
            "new@x.y radu@example.com vlad@example.com",
        ),
        ("TRUNCATE payments CASCADE".into(), "payment", "-"),
        ("DELETE FROM orders".into(), "number", "-"),
        ("DELETE FROM customers WHERE name = 'Radu'".into(), "name", "acme vlad zoe"),
    ] {
        db.run(&change).await;
        assert_eq!(words(&db, field).await, expected, "{change}");
        assert_eq!(db.text(DIFFERENCES).await, "", "{change}");
    }
}

#[tokio::test]
async fn words_are_kept_when_two_programs_change_one_order() {
    let db = Database::new().await;
    let id = order(&db, CUSTOMER, "x", "").await;
    for (first, second, expected) in [
        ("DELETE FROM shipments WHERE tracking_number = 'AB1'", ship(id, "AB-1"), "ab1"),
        (ship(id, "A-B1").as_str(), "DELETE FROM shipments WHERE tracking_number = 'AB1'".to_owned(), "ab1"),
        (&pay(id, "one"), "DELETE FROM shipments".to_owned(), "-"),
    ] {
        db.run("DELETE FROM shipments").await;
        db.run(&ship(id, "AB1")).await;
        let (one, two) = (db.connect().await, db.connect().await);
        one.batch_execute(&format!("BEGIN; {first}")).await.unwrap();
        let other = tokio::spawn(async move { two.batch_execute(&second).await });
        db.wait_for_a_lock().await;
        one.batch_execute("COMMIT").await.unwrap();
        other.await.unwrap().unwrap();
        assert_eq!(words(&db, "tracking").await, expected, "{first}");
        assert_eq!(db.text(DIFFERENCES).await, "", "{first}");
    }
}

#[tokio::test]
async fn an_order_is_found_by_whatever_a_customer_says_of_it() {
    let db = Database::new().await;
    let one = order(&db, CUSTOMER, "Ioana-Maria Dragoș", "+40 (722) 000-111").await;
    let two = order(&db, OTHER_CUSTOMER, "Petru Dragomir", "0264 123 456").await;
    db.run(&format!("UPDATE orders SET order_number = 'EO-00012345' WHERE id = '{one}'")).await;
    db.run(&format!(
        "UPDATE orders SET order_number = 'EO-00067890', external_transaction_id = '5XK1' WHERE id = '{two}'"
    ))
    .await;
    db.run(&ship(one, "RR123456785RO")).await;
    db.run(&pay(two, "pi_3Nabc")).await;
    db.run("UPDATE customers SET company_name = 'Țară SRL', cui = 'RO18189442' WHERE name = 'Radu'").await;
    let (first, second) = (one.to_string(), two.to_string());
    for (sought, expected) in [
        ("EO-00012345", vec![(&first, vec!["number"])]),
        ("eo 00012345", vec![(&first, vec!["number"])]),
        ("EO-00067", vec![(&second, vec!["number"])]),
        ("2345", vec![(&first, vec!["number"])]),
        ("ana@example.com", vec![(&first, vec!["email"])]),
        ("Radu@Ex", vec![(&second, vec!["email"])]),
        ("0040 722 000 111", vec![(&first, vec!["phone"])]),
        ("+40722", vec![(&first, vec!["phone"])]),
        ("0722.000.111", vec![(&first, vec!["phone"])]),
        ("0722", vec![(&first, vec!["phone"])]),
        ("722 000", vec![(&first, vec!["phone"])]),
        ("0264-123", vec![(&second, vec!["phone"])]),
        ("+40 264 123 456", vec![(&second, vec!["phone"])]),
        ("0040-264.123", vec![(&second, vec!["phone"])]),
        ("+49 722 000 111", vec![]),
        ("2000111", vec![]),
        ("rr123456785ro", vec![(&first, vec!["tracking"])]),
        ("RR1234", vec![(&first, vec!["tracking"])]),
        ("pi_3Nabc", vec![(&second, vec!["transaction"])]),
        ("5xk1", vec![(&second, vec!["transaction"])]),
        ("CUP", vec![(&second, vec!["sku"]), (&first, vec!["sku"])]),
        ("drago", vec![(&second, vec!["name"]), (&first, vec!["name"])]),
        ("DRAGOS ioana", vec![(&first, vec!["name"])]),
        ("petru dragos", vec![]),
        ("tara srl", vec![(&second, vec!["name"])]),
        ("radu", vec![(&second, vec!["email", "name"])]),
        ("12", vec![]),
        ("---", vec![]),
        ("%%%", vec![]),
        ("nothing", vec![]),
    ] {
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(id, fields): (&String, Vec<&str>)| (id.clone(), fields.into_iter().map(str::to_owned).collect()))
            .collect::<Vec<(String, Vec<String>)>>();
        assert_eq!(found(&db, sought).await, expected, "{sought}");
        assert_eq!(search(&db, OTHER_ORG, sought).await["items"], json!([]), "another organisation: {sought}");
    }
    db.run(&format!("UPDATE orders SET deleted_at = now() WHERE id = '{one}'")).await;
    assert_eq!(found(&db, "EO-00012345").await, []);
    assert_eq!(found(&db, "ana@example.com").await, []);
}

#[tokio::test]
async fn a_number_is_cut_behind_the_code_of_its_country() {
    let db = Database::new().await;
    for (phone, word) in [
        ("+40 (722) 000-111", Some("*722000111")),
        ("00 40.722.000.111", Some("*722000111")),
        ("(+40) 722", Some("*722")),
        ("0722 000 111", Some("0722000111")),
        ("722 000 111", Some("0722000111")),
        ("+1 407 555", Some("*407555")),
        ("+7 495", Some("*495")),
        ("+373 22 1", Some("*221")),
        ("+420 601", Some("*601")),
        // The zero that some write behind the code, and the one that belongs to the number.
        ("+40 (0)722", Some("*722")),
        ("+39 06 123", Some("*6123")),
        ("+40", Some("*")),
        ("+", None),
        ("000", None),
        ("call me", None),
    ] {
        let found: Option<String> = db.client.query_one("SELECT search_national($1)", &[&phone]).await.unwrap().get(0);
        assert_eq!(found.as_deref(), word, "{phone}");
    }
}

#[tokio::test]
async fn orders_that_were_there_are_found_by_a_number_without_its_country() {
    let db = Database::new().await;
    let one = order(&db, CUSTOMER, "x", "+40 722 000 111").await;
    order(&db, CUSTOMER, "x", "0264 123 456").await;
    order(&db, CUSTOMER, "x", "").await;
    db.run(
        "UPDATE customers SET address = '{\"name\": \"x\", \"line1\": \"a\", \"city\": \"b\", \"country\": \"RO\",
            \"phone\": \"0040 733 1\"}' WHERE name = 'Radu'",
    )
    .await;
    // As the release before kept them.
    db.run("DELETE FROM order_words WHERE field = 'phone' AND word ~ '^[*0]'").await;
    db.run("DELETE FROM customer_words WHERE field = 'phone' AND word ~ '^[*0]'").await;
    assert_eq!(found(&db, "0722000111").await, []);
    let file = database::default_dir().join("schema/0039_national_numbers.sql");
    let text = std::fs::read_to_string(file).unwrap();
    let statements: Vec<&str> = text.lines().filter(|line| !line.starts_with('\\')).collect();
    db.run(&format!("BEGIN; {}; COMMIT", statements.join("\n"))).await;
    assert_eq!(db.text(DIFFERENCES).await, "");
    assert_eq!(found(&db, "0722000111").await, [(one.to_string(), vec!["phone".to_owned()])]);
}

#[tokio::test]
async fn twenty_are_shown_exact_ones_first_and_more_says_that_there_are_others() {
    let db = Database::new().await;
    for number in 1..=21 {
        let id = order(&db, CUSTOMER, "x", "").await;
        db.run(&format!("UPDATE orders SET order_number = 'NR-{number:02}' WHERE id = '{id}'")).await;
    }
    let numbers = |found: &Value| {
        let items = found["items"].as_array().unwrap().iter();
        items.map(|item| item["orderNumber"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for sought in ["NR-", "CUP", "ana@example.com"] {
        let many = search(&db, ORG, if sought == "NR-" { "NR0" } else { sought }).await;
        let count = if sought == "NR-" { 9 } else { 20 };
        assert_eq!((numbers(&many).len(), &many["more"]), (count, &json!(sought != "NR-")), "{sought}");
    }
    let id = order(&db, OTHER_CUSTOMER, "x", "").await;
    db.run(&format!("UPDATE orders SET order_number = 'NR-1', created_at = '2020-01-01' WHERE id = '{id}'")).await;
    let found = search(&db, ORG, "NR1").await;
    assert_eq!(numbers(&found)[..2], ["NR-1", "NR-19"], "the exact one, then the newest");
}

/// The most rows that a scan of words gives, all its loops together; no scan may read a table.
fn largest(plan: &Value) -> f64 {
    match plan {
        Value::Array(parts) => parts.iter().map(largest).fold(0.0, f64::max),
        Value::Object(node) => {
            let text = |name: &str| node.get(name).and_then(Value::as_str).unwrap_or_default();
            let number = |name: &str| node.get(name).and_then(Value::as_f64).unwrap_or(0.0);
            assert_ne!(text("Node Type"), "Seq Scan", "{}", text("Relation Name"));
            let here = if text("Index Name").is_empty() { 0.0 } else { number("Actual Loops") * number("Actual Rows") };
            node.values().map(largest).fold(here, f64::max)
        }
        _ => 0.0,
    }
}

#[tokio::test]
async fn a_search_looks_at_few_words_however_many_there_are() {
    let db = Database::seeded().await;
    let org = crate::database::SEEDED_ORG;
    // Words of orders and customers that aren't there: what is counted is how many are looked at.
    db.run(&format!(
        "INSERT INTO order_words (order_id, organization_id, field, word)
            SELECT gen_random_uuid(), '{org}', f, 'zzz' || CASE WHEN n % 2 = 0 THEN '' ELSE n::text END
            FROM generate_series(1, 30000) AS n, unnest('{{number,sku,tracking,name}}'::text[]) AS f;
        INSERT INTO customer_words (customer_id, organization_id, field, word)
            SELECT gen_random_uuid(), '{org}', f, 'zzz' || CASE WHEN n % 2 = 0 THEN '' ELSE n::text END
            FROM generate_series(1, 30000) AS n, unnest('{{email,name}}'::text[]) AS f"
    ))
    .await;
    db.run("VACUUM ANALYZE order_words, customer_words").await;
    for mode in ["force_custom_plan", "force_generic_plan"] {
        db.run(&format!("SET plan_cache_mode = {mode}")).await;
        for sought in ["zzz", "zzz ana", "z zz zzz ana an a", "ana pop", "EO-0000", "1234", "+40722"] {
            let explain = format!("EXPLAIN (ANALYZE, FORMAT JSON) {}", call("order_search", 2));
            let plan: Value = db.client.query_one(&explain, &[&org, &sought]).await.unwrap().get(0);
            let largest = largest(&plan);
            // Half of found_rows() and one for each word of a name, and four words at most.
            assert!(largest <= 4004.0, "{sought} {mode}: {largest} rows");
        }
    }
}
