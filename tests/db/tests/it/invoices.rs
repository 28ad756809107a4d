//! Invoices and credit notes: numbers without a gap, sums that hold, nothing that changes.

use std::collections::HashSet;

use serde_json::{Value, json};
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use crate::database::{CUSTOMER, Database, ORG, OTHER_CUSTOMER, OTHER_ORG, call, create, tags_of_no_number, vouched};

/// Issues the invoice of an order of ORG.
async fn issue(client: &Client, order: Uuid, rate: Option<&str>) -> Row {
    client
        .query_one(&call("invoice_issue", 6), &[&ORG, &order, &14i32, &rate, &"somebody", &Uuid::now_v7()])
        .await
        .unwrap()
}

async fn issued(db: &Database, order: Uuid) -> Value {
    let row = issue(&db.client, order, Some("5")).await;
    assert_eq!(outcome(&row), "issued");
    body(&row)
}

async fn credit(client: &Client, order: Uuid, request: &Value) -> Row {
    let (key, hash) = (Uuid::now_v7().to_string(), request.to_string());
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
        [&ORG, &order, request, &"somebody", &key, &hash, &Uuid::now_v7()];
    client.query_one(&call("invoice_credit", 7), &params).await.unwrap()
}

fn outcome(row: &Row) -> &str {
    row.get("outcome")
}

fn body(row: &Row) -> Value {
    serde_json::from_str(row.get("body")).unwrap()
}

fn told(row: &Row) -> Vec<String> {
    let mut told: Vec<String> = row.get("tags");
    told.sort();
    told
}

/// An amount in the smallest units of EUR.
fn cents(amount: &Value) -> i64 {
    amount.as_str().unwrap().replace('.', "").parse().unwrap()
}

/// Places an order with these lines of CUP, JUG and GIFT, each at a price of its own.
async fn ordered(db: &Database, lines: &[(&str, u32, &str)]) -> Uuid {
    let id = Uuid::now_v7();
    let items: Vec<_> = lines
        .iter()
        .map(|(sku, quantity, price)| json!({"sku": sku, "quantity": quantity, "unitPrice": price}))
        .collect();
    let request = json!({"customerId": CUSTOMER, "currency": "EUR", "items": items});
    assert_eq!(outcome(&create(&db.client, &request, &id.to_string(), id).await), "created");
    id
}

/// Numbers that look random and are the same in each run.
struct Draws(u64);

impl Draws {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

async fn refusal(db: &Database, sql: &str) -> String {
    let error = db.client.batch_execute(sql).await.expect_err(sql);
    let code = error.code().map(|code| code.code().to_owned()).unwrap_or_default();
    let _ = db.client.batch_execute("ROLLBACK").await;
    code
}

const CHECK: &str = "23514";
const RESTRICTED: [&str; 2] = ["23001", "23503"];

#[tokio::test]
async fn an_invoice_is_issued_once_and_a_second_call_finds_it() {
    let db = Database::new().await;
    let order = db.order().await;
    let first = issue(&db.client, order, Some("4.97")).await;
    assert_eq!((outcome(&first), told(&first)), ("issued", tags_of_no_number(order, &[CUSTOMER], &["pending"])));
    assert_eq!(db.version(order).await, 2, "all of it is one change of the order");
    let invoice = body(&first);
    assert_eq!((&invoice["series"], &invoice["number"]), (&json!("INV"), &json!(1)));
    assert_eq!((&invoice["ronRate"], &invoice["vatAmountRon"]), (&json!("4.97"), &json!("8.60")));
    let read = db.client.query_one(&call("order_invoice", 2), &[&ORG, &order]).await.unwrap();
    assert_eq!(read.get::<_, &str>("body"), first.get::<_, &str>("body"));
    db.announced().await;
    let again = issue(&db.client, order, None).await;
    assert_eq!((outcome(&again), again.get::<_, &str>("body")), ("found", first.get::<_, &str>("body")));
    assert_eq!(told(&again), vouched(order, &[CUSTOMER], &["pending"]), "an answer that it is there vouches for it");
    assert!(db.announced().await.is_empty());
}

#[tokio::test]
async fn what_is_not_invoiced_draws_no_number() {
    let db = Database::new().await;
    let (euro, cancelled, hidden) = (db.order().await, db.order().await, db.order().await);
    db.run(&format!("UPDATE orders SET status = 'cancelled' WHERE id = '{cancelled}'; UPDATE orders SET deleted_at = now() WHERE id = '{hidden}'")).await;
    let free = ordered(&db, &[("GIFT", 1, "0")]).await;
    db.announced().await;
    for (order, rate, expected) in [
        (euro, None, "no_rate"),
        (cancelled, Some("5"), "cancelled"),
        (hidden, Some("5"), "not_found"),
        (Uuid::nil(), Some("5"), "not_found"),
        (free, Some("5"), "nothing"),
    ] {
        assert_eq!(outcome(&issue(&db.client, order, rate).await), expected);
    }
    let elsewhere: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
        [&OTHER_ORG, &euro, &14i32, &Some("5"), &"somebody", &Uuid::now_v7()];
    assert_eq!(outcome(&db.client.query_one(&call("invoice_issue", 6), &elsewhere).await.unwrap()), "not_found");
    assert_eq!(db.text("SELECT (SELECT count(*) FROM invoice_series) + (SELECT count(*) FROM invoices)").await, "0");
    assert!(db.announced().await.is_empty());
}

#[tokio::test]
async fn later_changes_change_no_invoice() {
    let db = Database::new().await;
    let order = ordered(&db, &[("CUP", 2, "9.99"), ("JUG", 1, "20.00")]).await;
    let invoice = issued(&db, order).await;
    db.run(&format!(
        "UPDATE products SET name = 'x', price = 1, vat_rate = 11; UPDATE customers SET name = 'x', address = '{{\"line1\": \"x\", \"city\": \"x\", \"country\": \"RO\"}}';
        UPDATE organizations SET legal_name = 'x', cui = cui || '', vat_rate = 19; UPDATE order_items SET name = 'x' WHERE order_id = '{order}';
        UPDATE orders SET customer_id = '{OTHER_CUSTOMER}', order_number = 'X' WHERE id = '{order}'"
    ))
    .await;
    let read = db.client.query_one(&call("order_invoice", 2), &[&ORG, &order]).await.unwrap();
    assert_eq!(body(&read), invoice);
    assert_eq!(read.get::<_, &str>("customer"), OTHER_CUSTOMER.to_string(), "whose order it is decides who sees it");
}

#[tokio::test]
async fn nothing_that_was_issued_is_changed_or_deleted_by_any_program() {
    let db = Database::new().await;
    let order = db.order().await;
    issued(&db, order).await;
    assert_eq!(outcome(&credit(&db.client, order, &json!({"amount": "1.00"})).await), "issued");
    for sql in [
        "UPDATE invoices SET number = 7",
        "UPDATE invoices SET issue_date = '2020-01-01'",
        "UPDATE invoices SET buyer_name = 'x'",
        "UPDATE invoice_lines SET name = 'x'",
        "UPDATE credit_notes SET reason = 'x'",
        "UPDATE credit_note_lines SET name = 'x'",
        "DELETE FROM credit_note_lines",
        "DELETE FROM credit_notes",
        "DELETE FROM invoice_lines",
        "DELETE FROM invoices",
        "TRUNCATE credit_note_lines",
        "TRUNCATE invoices CASCADE",
        "TRUNCATE orders CASCADE",
        "DELETE FROM orders",
    ] {
        let code = refusal(&db, sql).await;
        assert!(RESTRICTED.contains(&&*code), "{sql}: {code}");
    }
    let deleted = db.client.query_one(&call("order_delete", 4), &[&ORG, &order, &true, &None::<i64>]).await.unwrap();
    assert_eq!(outcome(&deleted), "has_invoice");
    let hidden = db.client.query_one(&call("order_delete", 4), &[&ORG, &order, &false, &None::<i64>]).await.unwrap();
    assert_eq!(outcome(&hidden), "deleted");
}

#[tokio::test]
async fn sums_that_do_not_hold_are_refused_when_their_transaction_commits() {
    let db = Database::new().await;
    let (order, other) = (db.order().await, db.order().await);
    issued(&db, order).await;
    let copied = |table: &str, changes: &str| {
        format!(
            "INSERT INTO {table} SELECT (jsonb_populate_record(t, '{changes}')).* FROM {table} t WHERE order_id = '{order}'"
        )
    };
    let without_lines = copied(
        "invoices",
        &format!(r#"{{"id": "{}", "order_id": "{other}", "number": 2, "series": "B"}}"#, Uuid::now_v7()),
    );
    assert_eq!(refusal(&db, &without_lines).await, CHECK, "no lines");
    let line = copied("invoice_lines", r#"{"position": 2}"#);
    assert_eq!(refusal(&db, &line).await, CHECK, "a line more");
    let reprice = format!(
        "BEGIN; UPDATE order_items SET unit_price = 5 WHERE order_id = '{order}'; UPDATE orders SET total_amount = 5 WHERE id = '{order}'; COMMIT"
    );
    assert_eq!(refusal(&db, &reprice).await, CHECK, "the order's total");
    let note = |gross: &str, net: &str, vat: &str| {
        format!(
            "BEGIN; INSERT INTO credit_notes (id, order_id, organization_id, series, number, issue_date, currency, net_amount, vat_amount, gross_amount, ron_rate, vat_amount_ron)
            VALUES ('{order}', '{order}', '{ORG}', 'C', 1, '2026-01-01', 'EUR', {net}, {vat}, {gross}, 5, 5 * {vat});
            INSERT INTO credit_note_lines (credit_note_id, order_id, position, name, currency, vat_category, vat_rate, net_amount, vat_amount, gross_amount)
            VALUES ('{order}', '{order}', 1, 'x', 'EUR', 'S', 21, {net}, {vat}, {gross}); COMMIT"
        )
    };
    assert_eq!(refusal(&db, &note("10.00", "8.27", "1.73")).await, CHECK, "more net than was invoiced");
    assert_eq!(refusal(&db, &note("9.99", "8.25", "1.74")).await, CHECK, "more VAT than was invoiced");
    let lineless =
        note("1.00", "0.83", "0.17").split("INSERT INTO credit_note_lines").next().unwrap().to_owned() + "COMMIT";
    assert_eq!(refusal(&db, &lineless).await, CHECK, "no lines");
    db.run(&note("9.99", "8.26", "1.73")).await;
}

#[tokio::test]
async fn lines_come_to_the_order_and_to_each_rates_rounded_net() {
    let db = Database::new().await;
    db.run("UPDATE products SET vat_rate = 11 WHERE sku = 'JUG'; UPDATE products SET vat_rate = 0 WHERE sku = 'GIFT'")
        .await;
    let mut draws = Draws(7);
    for _ in 0..40 {
        let lines: Vec<(&str, u32, String)> = (0..1 + draws.below(8))
            .map(|_| {
                let price = format!("{}.{:02}", draws.below(40), 1 + draws.below(99));
                (["CUP", "JUG", "GIFT"][draws.below(3) as usize], 1 + draws.below(9) as u32, price)
            })
            .collect();
        let lines: Vec<(&str, u32, &str)> =
            lines.iter().map(|(sku, quantity, price)| (*sku, *quantity, &**price)).collect();
        let invoice = issued(&db, ordered(&db, &lines).await).await;
        let shown = invoice["lines"].as_array().unwrap();
        assert_eq!(shown.len(), lines.len());
        let sum = |field: &str| shown.iter().map(|line| cents(&line[field])).sum::<i64>();
        assert_eq!(sum("lineTotal"), cents(&invoice["grossAmount"]));
        assert_eq!(sum("netAmount"), cents(&invoice["netAmount"]));
        assert_eq!(sum("vatAmount"), cents(&invoice["vatAmount"]));
        for rate in invoice["vatBreakdown"].as_array().unwrap() {
            let of_rate = || shown.iter().filter(|line| line["vatRate"] == rate["vatRate"]);
            let per_cent: f64 = rate["vatRate"].as_str().unwrap().parse().unwrap();
            let gross: i64 = of_rate().map(|line| cents(&line["lineTotal"])).sum();
            assert_eq!(cents(&rate["netAmount"]), (gross as f64 * 100.0 / (100.0 + per_cent)).round() as i64);
            assert_eq!(cents(&rate["netAmount"]) + cents(&rate["vatAmount"]), gross);
            for line in of_rate() {
                let exact = cents(&line["lineTotal"]) as f64 * 100.0 / (100.0 + per_cent);
                assert!((cents(&line["netAmount"]) as f64 - exact).abs() < 1.0, "{line}");
            }
        }
        let rates: HashSet<&str> = shown.iter().filter_map(|line| line["vatRate"].as_str()).collect();
        assert_eq!(invoice["vatRate"].is_null(), rates.len() > 1);
    }
}

#[tokio::test]
async fn numbers_have_no_gap_under_concurrency_and_rollbacks() {
    let db = Database::new().await;
    let mut orders = Vec::new();
    for _ in 0..40 {
        orders.push(db.order().await);
    }
    let mut tasks = Vec::new();
    for (worker, orders) in orders.chunks(5).enumerate() {
        let (client, orders) = (db.connect().await, orders.to_vec());
        tasks.push(tokio::spawn(async move {
            for (turn, order) in orders.into_iter().enumerate() {
                if (worker + turn) % 3 == 0 {
                    client.batch_execute("BEGIN").await.unwrap();
                    issue(&client, order, Some("5")).await;
                    client.batch_execute("ROLLBACK").await.unwrap();
                }
                assert_eq!(outcome(&issue(&client, order, Some("5")).await), "issued");
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let numbers = "SELECT string_agg(number::text, ' ' ORDER BY created_at) FROM invoices";
    let expected: Vec<String> = (1..=40).map(|number| number.to_string()).collect();
    assert_eq!(db.text(numbers).await, expected.join(" "), "and they were issued in their order");
    assert_eq!(db.text("SELECT next_number || ' ' || (fence >= 40) FROM invoice_series").await, "41 true");
}

#[tokio::test]
async fn dates_never_decrease_with_numbers_whatever_the_clock_does() {
    let db = Database::new().await;
    issued(&db, db.order().await).await;
    db.run("UPDATE invoice_series SET last_date = last_date + 3").await;
    let later = issued(&db, db.order().await).await;
    let expected = db.text("SELECT to_char(issue_date + 3, 'YYYY-MM-DD') FROM invoices WHERE number = 1").await;
    assert_eq!(later["issueDate"], json!(expected));
    let today = "SELECT to_char(clock_timestamp() AT TIME ZONE 'Europe/Bucharest', 'YYYY-MM-DD')";
    assert_eq!(
        db.text("SELECT to_char(issue_date, 'YYYY-MM-DD') FROM invoices WHERE number = 1").await,
        db.text(today).await
    );
}

#[tokio::test]
async fn a_date_is_taken_after_the_row_was_had() {
    let db = Database::new().await;
    let (first, second) = (db.order().await, db.order().await);
    let (holder, waiting) = (db.connect().await, db.connect().await);
    holder.batch_execute("BEGIN").await.unwrap();
    issue(&holder, first, Some("5")).await;
    let waits = tokio::spawn(async move { outcome(&issue(&waiting, second, Some("5")).await).to_owned() });
    db.wait_for_a_lock().await;
    let freed = db.text("SELECT clock_timestamp()").await;
    holder.batch_execute("COMMIT").await.unwrap();
    assert_eq!(waits.await.unwrap(), "issued");
    let after = format!("SELECT created_at > '{freed}' FROM invoices WHERE number = 2");
    assert_eq!(db.text(&after).await, "true");
}

#[tokio::test]
async fn a_series_is_not_moved_by_hand_but_a_new_one_may_begin() {
    let db = Database::new().await;
    issued(&db, db.order().await).await;
    for next in [1, 3, 100] {
        let move_it = format!("UPDATE invoice_series SET next_number = {next}");
        assert_eq!(refusal(&db, &move_it).await, CHECK, "{next}");
    }
    let drawn_in_vain = format!("SELECT * FROM invoice_number('{ORG}', 'invoice')");
    assert_eq!(refusal(&db, &drawn_in_vain).await, CHECK);
    db.run("UPDATE invoice_series SET series = 'NEW27', next_number = 500").await;
    for number in [500, 501] {
        let invoice = issued(&db, db.order().await).await;
        assert_eq!((&invoice["series"], &invoice["number"]), (&json!("NEW27"), &json!(number)));
    }
    db.run("UPDATE invoice_series SET series = 'INV', next_number = 2").await;
    assert_eq!(issued(&db, db.order().await).await["number"], 2, "back where it ended");
    assert_eq!(refusal(&db, "UPDATE invoice_series SET series = 'NEW27', next_number = 501").await, CHECK);
}

#[tokio::test]
async fn each_organisation_and_kind_counts_for_itself() {
    let db = Database::new().await;
    db.run(&format!(
        "INSERT INTO invoice_series (organization_id, kind, series) VALUES ('{ORG}', 'invoice', 'ATC'), ('{ORG}', 'credit_note', 'ATC-S')"
    ))
    .await;
    let order = db.order().await;
    assert_eq!(issued(&db, order).await["series"], "ATC");
    for number in [1, 2] {
        let note = body(&credit(&db.client, order, &json!({"amount": "1.00"})).await);
        assert_eq!((&note["series"], &note["number"]), (&json!("ATC-S"), &json!(number)));
    }
    assert_eq!(issued(&db, db.order().await).await["number"], 2);
    let theirs = Uuid::now_v7();
    db.run(&format!(
        "BEGIN; INSERT INTO orders (id, organization_id, customer_id, currency, total_amount) VALUES ('{theirs}', '{OTHER_ORG}', '{STRANGER}', 'EUR', 3);
        INSERT INTO order_items (order_id, organization_id, customer_id, position, sku, name, quantity, currency, unit_price) VALUES ('{theirs}', '{OTHER_ORG}', '{STRANGER}', 1, 'HAT', 'Hat', 1, 'EUR', 3); COMMIT",
        STRANGER = crate::database::STRANGER
    ))
    .await;
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
        [&OTHER_ORG, &theirs, &14i32, &Some("5"), &"somebody", &Uuid::now_v7()];
    let row = db.client.query_one(&call("invoice_issue", 6), &params).await.unwrap();
    assert_eq!((&body(&row)["series"], &body(&row)["number"]), (&json!("INV"), &json!(1)));
}

#[tokio::test]
async fn an_invoice_says_how_it_was_paid_or_where_to_pay() {
    let db = Database::new().await;
    db.run(&format!("UPDATE organizations SET iban = 'RO49AAAA1B31007593840000' WHERE id = '{ORG}'")).await;
    let paid = |order: Uuid, provider: &str, amount: &str| {
        format!(
            "INSERT INTO payments (order_id, organization_id, customer_id, provider, account, external_id, status, currency, amount, captured_at)
            VALUES ('{order}', '{ORG}', '{CUSTOMER}', '{provider}', 'a', gen_random_uuid(), 'paid', 'EUR', {amount}, now())"
        )
    };
    for (provider, amount, code, due) in [
        ("stripe", "9.99", "48", "0.00"),
        ("paypal", "9.99", "68", "0.00"),
        ("manual", "4.00", "1", "5.99"),
        ("stripe", "20.00", "48", "0.00"),
    ] {
        let order = db.order().await;
        db.run(&paid(order, provider, amount)).await;
        let invoice = issued(&db, order).await;
        assert_eq!(invoice["paymentMeans"], json!({"code": code, "account": null}), "{provider}");
        assert_eq!(invoice["dueAmount"], due, "{provider} {amount}");
    }
    let invoice = issued(&db, db.order().await).await;
    assert_eq!(invoice["paymentMeans"], json!({"code": "30", "account": "RO49AAAA1B31007593840000"}));
    assert_eq!((&invoice["paidAmount"], &invoice["dueAmount"]), (&json!("0.00"), &json!("9.99")));
}

#[tokio::test]
async fn credit_notes_never_come_to_more_than_the_invoice_and_end_at_zero() {
    let db = Database::new().await;
    db.run("UPDATE products SET vat_rate = 11 WHERE sku = 'JUG'; UPDATE products SET vat_rate = 0 WHERE sku = 'GIFT'")
        .await;
    let mut draws = Draws(11);
    for round in 0..25 {
        let price = |draws: &mut Draws| format!("{}.{:02}", draws.below(3), 1 + draws.below(99));
        let prices = [price(&mut draws), price(&mut draws), price(&mut draws), price(&mut draws)];
        let lines: Vec<(&str, u32, &str)> = ["CUP", "JUG", "GIFT", "CUP"]
            .into_iter()
            .zip(&prices)
            .map(|(sku, price)| (sku, 1 + draws.below(4) as u32, &**price))
            .collect();
        let order = ordered(&db, &lines).await;
        let invoice = issued(&db, order).await;
        for _ in 0..6 {
            let request = if draws.below(2) == 0 {
                json!({"amount": format!("{}.{:02}", draws.below(4), 1 + draws.below(99))})
            } else {
                json!({"lines": [{"position": 1 + draws.below(4), "quantity": 1 + draws.below(3)}]})
            };
            let row = credit(&db.client, order, &request).await;
            let outcome = outcome(&row);
            assert!(["issued", "too_much", "too_many:0"].contains(&outcome), "{round}: {request}: {outcome}");
        }
        db.run(&format!("UPDATE orders SET status = 'cancelled' WHERE id = '{order}'")).await;
        let rest = credit(&db.client, order, &json!({})).await;
        assert!(["issued", "nothing"].contains(&outcome(&rest)), "{round}: {}", outcome(&rest));
        assert_eq!(outcome(&credit(&db.client, order, &json!({"amount": "0.01"})).await), "too_much");
        let sums = format!(
            "SELECT concat_ws(' ', sum(net_amount), sum(vat_amount), sum(gross_amount)) FROM credit_notes WHERE order_id = '{order}'"
        );
        let invoiced =
            ["netAmount", "vatAmount", "grossAmount"].map(|field| format!("{}0", invoice[field].as_str().unwrap()));
        assert_eq!(db.text(&sums).await, invoiced.join(" "), "{round}");
        let read = body(&db.client.query_one(&call("order_invoice", 2), &[&ORG, &order]).await.unwrap());
        assert_eq!(read["creditedAmount"], invoice["grossAmount"]);
    }
}

#[tokio::test]
async fn pieces_of_a_line_are_credited_once() {
    let db = Database::new().await;
    let order = ordered(&db, &[("CUP", 3, "9.99"), ("JUG", 1, "20.00")]).await;
    assert_eq!(outcome(&credit(&db.client, order, &json!({"amount": "1.00"})).await), "no_invoice");
    issued(&db, order).await;
    db.announced().await;
    let lines = |lines: Value| json!({ "lines": lines });
    let row = credit(&db.client, order, &lines(json!([{"position": 1, "quantity": 2}]))).await;
    assert_eq!((outcome(&row), told(&row)), ("issued", tags_of_no_number(order, &[CUSTOMER], &["pending"])));
    let note = body(&row);
    assert_eq!(
        (&note["grossAmount"], &note["lines"][0]["quantity"], &note["lines"][0]["name"]),
        (&json!("19.98"), &json!(2), &json!("Cup"))
    );
    for (request, expected) in [
        (lines(json!([{"position": 2, "quantity": 1}, {"position": 1, "quantity": 2}])), "too_many:1"),
        (lines(json!([{"position": 9, "quantity": 1}])), "unknown_line:0"),
        (json!({"amount": "1.001"}), "bad_amount"),
        (json!({"amount": "30.00"}), "too_much"),
        (json!({}), "nothing"),
        (lines(json!([{"position": 2, "quantity": 1}, {"position": 1, "quantity": 1}])), "issued"),
        (json!({"amount": "0.01"}), "too_much"),
    ] {
        assert_eq!(outcome(&credit(&db.client, order, &request).await), expected, "{request}");
    }
}

#[tokio::test]
async fn without_a_sum_what_was_refunded_is_credited_once() {
    let db = Database::new().await;
    let order = db.order().await;
    issued(&db, order).await;
    assert_eq!(outcome(&credit(&db.client, order, &json!({})).await), "nothing");
    db.run(&format!(
        "INSERT INTO payments (order_id, organization_id, customer_id, provider, account, external_id, status, currency, amount, refunded_amount, captured_at)
        VALUES ('{order}', '{ORG}', '{CUSTOMER}', 'stripe', 'a', 'x', 'partially_refunded', 'EUR', 9.99, 4.00, now())"
    ))
    .await;
    let note = body(&credit(&db.client, order, &json!({"reason": "a scratch"})).await);
    assert_eq!((&note["grossAmount"], &note["reason"]), (&json!("4.00"), &json!("a scratch")));
    assert_eq!(outcome(&credit(&db.client, order, &json!({})).await), "nothing");
    db.run("UPDATE payments SET refunded_amount = 9.99, status = 'refunded'").await;
    assert_eq!(body(&credit(&db.client, order, &json!({})).await)["grossAmount"], "5.99");
}

#[tokio::test]
async fn of_credit_notes_at_once_only_what_is_left_is_issued() {
    let db = Database::new().await;
    let order = db.order().await;
    issued(&db, order).await;
    let mut tasks = Vec::new();
    for _ in 0..6 {
        let client = db.connect().await;
        tasks.push(tokio::spawn(async move {
            outcome(&credit(&client, order, &json!({"amount": "4.00"})).await).to_owned()
        }));
    }
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.unwrap());
    }
    outcomes.sort();
    assert_eq!(outcomes, ["issued", "issued", "too_much", "too_much", "too_much", "too_much"]);
}

#[tokio::test]
async fn a_key_issues_one_credit_note_and_a_refusal_frees_it() {
    let db = Database::new().await;
    let order = db.order().await;
    issued(&db, order).await;
    let ask = async |request: Value, key: &str| {
        let hash = request.to_string();
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
            [&ORG, &order, &request, &"somebody", &key, &hash, &Uuid::now_v7()];
        db.client.query_one(&call("invoice_credit", 7), &params).await.unwrap()
    };
    assert_eq!(outcome(&ask(json!({"amount": "99.00"}), "k").await), "too_much");
    let first = ask(json!({"amount": "1.00"}), "k").await;
    let again = ask(json!({"amount": "1.00"}), "k").await;
    assert_eq!((outcome(&first), outcome(&again)), ("issued", "replay"));
    assert_eq!(again.get::<_, &str>("body"), first.get::<_, &str>("body"));
    assert_eq!(told(&again), vouched(order, &[CUSTOMER], &["pending"]));
    assert_eq!(outcome(&ask(json!({"amount": "2.00"}), "k").await), "mismatch");
    assert_eq!(db.text("SELECT count(*) FROM credit_notes").await, "1");
}

#[tokio::test]
async fn invoices_that_were_there_get_their_orders_lines_or_one_for_all() {
    let db = Database::release_0().await;
    let (kept, changed) = (Uuid::now_v7(), Uuid::now_v7());
    db.run(include_str!("../../fixture.sql")).await;
    let order = |id: Uuid| {
        format!(
            "INSERT INTO orders (id, organization_id, customer_id, currency, total_amount) VALUES ('{id}', '{ORG}', '{CUSTOMER}', 'EUR', 30.05);
            INSERT INTO order_items (order_id, organization_id, customer_id, position, sku, name, quantity, currency, unit_price) VALUES
                ('{id}', '{ORG}', '{CUSTOMER}', 1, 'CUP', 'Cup', 3, 'EUR', 9.99), ('{id}', '{ORG}', '{CUSTOMER}', 2, 'CUP', 'Cup', 2, 'EUR', 0.04);"
        )
    };
    let address = r#"{"line1": "a", "city": "b", "country": "RO"}"#;
    let invoice = |id: Uuid, number: u32| {
        format!(
            "INSERT INTO invoices (order_id, organization_id, customer_id, series, number, issue_date, due_date, seller_name, seller_cui, seller_address,
                buyer_name, buyer_address, currency, vat_rate, net_amount, vat_amount, gross_amount, ron_rate, vat_amount_ron)
            VALUES ('{id}', '{ORG}', '{CUSTOMER}', 'ATC', {number}, '2026-01-0{number}', '2026-02-01', 's', 'RO18189442', '{address}', 'b', '{address}',
                'EUR', 21, 24.83, 5.22, 30.05, 5, 26.10);"
        )
    };
    let pay = format!(
        "INSERT INTO payments (order_id, organization_id, customer_id, provider, account, external_id, status, currency, amount, captured_at)
        VALUES ('{kept}', '{ORG}', '{CUSTOMER}', 'stripe', 'a', 'x', 'paid', 'EUR', 40.00, now());"
    );
    db.run(&format!("BEGIN; {}{}{}{}{pay} COMMIT", order(kept), order(changed), invoice(kept, 1), invoice(changed, 2)))
        .await;
    db.run(&format!(
        "BEGIN; UPDATE order_items SET quantity = 1 WHERE order_id = '{changed}' AND position = 2; UPDATE orders SET total_amount = 30.01 WHERE id = '{changed}'; COMMIT"
    ))
    .await;
    database::migrate(db.config(), &database::Options::default(), &|_| {}).await.unwrap();
    let of = async |id: Uuid| body(&db.client.query_one(&call("order_invoice", 2), &[&ORG, &id]).await.unwrap());
    let (first, second) = (of(kept).await, of(changed).await);
    let lines: Vec<String> = first["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| format!("{} {} {}", line["quantity"], line["netAmount"], line["lineTotal"]))
        .collect();
    assert_eq!(lines, [r#"3 "24.76" "29.97""#, r#"2 "0.07" "0.08""#]);
    assert_eq!(
        (&first["netAmount"], &first["paidAmount"], &first["dueAmount"]),
        (&json!("24.83"), &json!("30.05"), &json!("0.00"))
    );
    assert_eq!(second["lines"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&second["lines"][0]["sku"], &second["lines"][0]["netAmount"], &second["lines"][0]["lineTotal"]),
        (&Value::Null, &json!("24.83"), &json!("30.05"))
    );
    assert!(second["lines"][0]["name"].as_str().unwrap().contains(second["orderNumber"].as_str().unwrap()));
    let next = db.order().await;
    let invoice = issued(&db, next).await;
    assert_eq!((&invoice["series"], &invoice["number"]), (&json!("ATC"), &json!(3)), "numbers go on where they were");
}
