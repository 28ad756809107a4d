//! Wrong rows don't get in, whichever program writes them.

use uuid::Uuid;

use crate::database::{CUSTOMER, Database, ORG, OTHER_CUSTOMER, OTHER_ORG, STRANGER};

const CHECK: &str = "23514";
const FOREIGN_KEY: &str = "23503";
const UNIQUE: &str = "23505";
const NOT_NULL: &str = "23502";
const OUT_OF_RANGE: &str = "22003";

/// Columns and values of a right row; a case replaces some of them.
type Columns = Vec<(&'static str, String)>;

fn right_rows(order: Uuid) -> [(&'static str, Columns); 5] {
    let keys = || {
        vec![
            ("order_id", format!("'{order}'")),
            ("organization_id", format!("'{ORG}'")),
            ("customer_id", format!("'{CUSTOMER}'")),
        ]
    };
    let with = |columns: &[(&'static str, &str)]| {
        let mut all = keys();
        all.extend(columns.iter().map(|(name, value)| (*name, (*value).to_owned())));
        all
    };
    let address = r#"'{"line1": "a", "city": "b", "country": "RO"}'"#;
    let mut orders =
        with(&[("currency", "'EUR'"), ("total_amount", "0"), ("status", "'pending'"), ("payment_status", "'unpaid'")]);
    orders.remove(0);
    [
        ("orders", orders),
        (
            "order_items",
            with(&[
                ("position", "2"),
                ("sku", "'GIFT'"),
                ("name", "'g'"),
                ("quantity", "1"),
                ("currency", "'EUR'"),
                ("unit_price", "0"),
            ]),
        ),
        (
            "payments",
            with(&[
                ("provider", "'stripe'"),
                ("account", "'a'"),
                ("external_id", "'x'"),
                ("status", "'paid'"),
                ("currency", "'EUR'"),
                ("amount", "9.99"),
                ("captured_at", "now()"),
            ]),
        ),
        (
            "shipments",
            with(&[
                ("carrier", "'DHL'"),
                ("tracking_number", "'1'"),
                ("status", "'in_transit'"),
                ("shipped_at", "now()"),
            ]),
        ),
        (
            "invoices",
            with(&[
                ("order_number", "'X'"),
                ("series", "'A'"),
                ("number", "1"),
                ("issue_date", "'2026-01-01'"),
                ("due_date", "'2026-01-15'"),
                ("seller_name", "'s'"),
                ("seller_cui", "'RO18189442'"),
                ("seller_address", address),
                ("buyer_name", "'b'"),
                ("buyer_cui", "NULL"),
                ("buyer_address", address),
                ("currency", "'EUR'"),
                ("vat_rate", "21"),
                ("net_amount", "8.26"),
                ("vat_amount", "1.73"),
                ("gross_amount", "9.99"),
                ("ron_rate", "5"),
                ("vat_amount_ron", "8.65"),
            ]),
        ),
    ]
}

/// The rows that go with one of a table: an invoice comes to the sum of its lines.
fn beside(order: Uuid, table: &str) -> String {
    match table {
        "invoices" => format!(
            "; INSERT INTO invoice_lines (order_id, position, sku, name, quantity, currency, unit_price, vat_category, vat_rate, net_amount, vat_amount, gross_amount)
            VALUES ('{order}', 1, 'CUP', 'Cup', 1, 'EUR', 9.99, 'S', 21, 8.26, 1.73, 9.99)"
        ),
        _ => String::new(),
    }
}

/// Postgres' answer to the row with these columns replaced; deferred constraints included. No row
/// stays.
async fn refused(db: &Database, order: Uuid, table: &str, replaced: &[(&'static str, &str)]) -> Option<String> {
    let rows = right_rows(order);
    let (_, mut columns) = rows.into_iter().find(|(name, _)| *name == table).unwrap();
    for (name, value) in replaced {
        columns.retain(|(column, _)| column != name);
        columns.push((name, (*value).to_owned()));
    }
    let names = columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let values = columns.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(", ");
    let beside = beside(order, table);
    let insert =
        format!("BEGIN; INSERT INTO {table} ({names}) VALUES ({values}){beside}; SET CONSTRAINTS ALL IMMEDIATE");
    let refusal =
        db.client.batch_execute(&insert).await.err().and_then(|error| error.code().map(|code| code.code().to_owned()));
    db.run("ROLLBACK").await;
    refusal
}

#[tokio::test]
async fn right_rows_get_in() {
    let db = Database::new().await;
    let order = db.order().await;
    for (table, _) in right_rows(order) {
        assert_eq!(refused(&db, order, table, &[]).await, None, "{table}");
    }
}

#[tokio::test]
async fn wrong_rows_are_refused() {
    let db = Database::new().await;
    let order = db.order().await;
    let other_org = format!("'{OTHER_ORG}'");
    let (other_customer, stranger) = (format!("'{OTHER_CUSTOMER}'"), format!("'{STRANGER}'"));
    type Case<'a> = (&'static str, &'a [(&'static str, &'a str)], &'static str);
    let cases: &[Case<'_>] = &[
        // Orders.
        ("orders", &[("customer_id", &stranger)], FOREIGN_KEY),
        ("orders", &[("organization_id", &other_org)], FOREIGN_KEY),
        ("orders", &[("status", "'lost'")], CHECK),
        ("orders", &[("status", "NULL")], NOT_NULL),
        ("orders", &[("payment_status", "'maybe'")], CHECK),
        ("orders", &[("payment_status", "'none_required'"), ("total_amount", "5")], CHECK),
        ("orders", &[("currency", "'eur'")], CHECK),
        ("orders", &[("currency", "'EURO'")], CHECK),
        ("orders", &[("total_amount", "-1")], CHECK),
        ("orders", &[("total_amount", "0.001")], CHECK),
        ("orders", &[("currency", "'JPY'"), ("total_amount", "0.5")], CHECK),
        ("orders", &[("total_amount", "1000000000000")], OUT_OF_RANGE),
        ("orders", &[("total_amount", "5")], CHECK), // not the sum of its items: it has none
        ("orders", &[("total_amount", "'NaN'")], CHECK),
        ("orders", &[("order_number", "'abc'")], CHECK),
        ("orders", &[("order_number", "(SELECT order_number FROM orders LIMIT 1)")], UNIQUE),
        ("orders", &[("shipping_address", "'[]'")], CHECK),
        ("orders", &[("version", "0")], CHECK),
        // Items.
        ("order_items", &[("organization_id", &other_org)], FOREIGN_KEY),
        ("order_items", &[("customer_id", &other_customer)], FOREIGN_KEY),
        ("order_items", &[("currency", "'USD'")], FOREIGN_KEY),
        ("order_items", &[("quantity", "0")], CHECK),
        ("order_items", &[("quantity", "-1")], CHECK),
        ("order_items", &[("unit_price", "-0.01")], CHECK),
        ("order_items", &[("unit_price", "0.005")], CHECK),
        ("order_items", &[("unit_price", "1")], CHECK), // the total stays behind
        ("order_items", &[("position", "1")], UNIQUE),
        ("order_items", &[("position", "0")], CHECK),
        ("order_items", &[("sku", "''")], CHECK),
        // Payments.
        ("payments", &[("customer_id", &other_customer)], FOREIGN_KEY),
        ("payments", &[("provider", "'cash'")], CHECK),
        ("payments", &[("status", "'done'")], CHECK),
        ("payments", &[("amount", "-1")], CHECK),
        ("payments", &[("refunded_amount", "10")], CHECK),
        ("payments", &[("status", "'refunded'"), ("refunded_amount", "1")], CHECK),
        ("payments", &[("status", "'partially_refunded'")], CHECK),
        ("payments", &[("captured_at", "NULL")], CHECK),
        ("payments", &[("status", "'pending'")], CHECK),
        ("payments", &[("account", "''")], CHECK),
        // Shipments.
        ("shipments", &[("organization_id", &other_org)], FOREIGN_KEY),
        ("shipments", &[("status", "'delivered'")], CHECK),
        ("shipments", &[("status", "'delivered'"), ("delivered_at", "now() - interval '1 day'")], CHECK),
        ("shipments", &[("shipped_at", "NULL")], CHECK),
        ("shipments", &[("tracking_url", "'javascript:alert(1)'")], CHECK),
        // Invoices.
        ("invoices", &[("customer_id", &other_customer)], FOREIGN_KEY),
        ("invoices", &[("currency", "'RON'"), ("ron_rate", "1"), ("vat_amount_ron", "1.73")], FOREIGN_KEY),
        ("invoices", &[("seller_cui", "'RO18189443'")], CHECK), // the check digit
        ("invoices", &[("buyer_cui", "'12'")], CHECK),
        ("invoices", &[("seller_address", "'{}'")], CHECK),
        ("invoices", &[("gross_amount", "10")], CHECK),
        ("invoices", &[("vat_amount", "1.72"), ("gross_amount", "9.98"), ("vat_rate", "19")], CHECK),
        ("invoices", &[("vat_amount_ron", "8.64")], CHECK),
        ("invoices", &[("vat_rate", "100")], CHECK),
        ("invoices", &[("due_date", "'2025-12-31'")], CHECK),
        ("invoices", &[("number", "0")], CHECK),
        ("invoices", &[("series", "'a b'")], CHECK),
        ("invoices", &[("paid_amount", "10")], CHECK),
        ("invoices", &[("paid_amount", "0.001")], CHECK),
        ("invoices", &[("payment_means", "'cash'")], CHECK),
        ("invoices", &[("net_amount", "8.25"), ("vat_amount", "1.74"), ("vat_amount_ron", "8.70")], CHECK), // its lines
    ];
    for (table, replaced, code) in cases {
        assert_eq!(refused(&db, order, table, replaced).await.as_deref(), Some(*code), "{table} {replaced:?}");
    }
}

#[tokio::test]
async fn numbers_are_unique_where_they_must_be() {
    let db = Database::new().await;
    let (first, second) = (db.order().await, db.order().await);
    let insert = |order: Uuid, table: &str| {
        let (_, columns) = right_rows(order).into_iter().find(|(name, _)| *name == table).unwrap();
        let names = columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let values = columns.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(", ");
        format!("BEGIN; INSERT INTO {table} ({names}) VALUES ({values}){}; COMMIT", beside(order, table))
    };
    for (table, what) in [
        ("payments", "one object of a provider"),
        ("shipments", "one tracking number"),
        ("invoices", "series and number"),
    ] {
        db.run(&insert(first, table)).await;
        assert_eq!(refused(&db, second, table, &[]).await.as_deref(), Some(UNIQUE), "{what}");
    }
    assert_eq!(
        refused(&db, first, "invoices", &[("number", "2")]).await.as_deref(),
        Some(UNIQUE),
        "one invoice per order"
    );
    let product = format!(
        "INSERT INTO products (organization_id, sku, name, currency, price) VALUES ('{ORG}', 'CUP', 'x', 'EUR', 1)"
    );
    assert_eq!(db.client.batch_execute(&product).await.unwrap_err().code().unwrap().code(), UNIQUE);
}

#[tokio::test]
async fn a_total_follows_its_items_within_a_transaction() {
    let db = Database::new().await;
    let id = db.order().await;
    db.run(&format!(
        "BEGIN; UPDATE order_items SET quantity = 2 WHERE order_id = '{id}'; UPDATE orders SET total_amount = 19.98 WHERE id = '{id}'; COMMIT"
    ))
    .await;
    for wrong in [
        format!("UPDATE orders SET total_amount = 1 WHERE id = '{id}'"),
        format!("UPDATE order_items SET quantity = 3 WHERE order_id = '{id}'"),
        format!("DELETE FROM order_items WHERE order_id = '{id}'"),
    ] {
        let error = db.client.batch_execute(&wrong).await.expect_err(&wrong);
        assert_eq!(
            error.as_db_error().and_then(|error| error.constraint()),
            Some("order_total_is_sum_of_items"),
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn the_digits_of_currencies_and_tax_ids_are_known() {
    let db = Database::new().await;
    for (currency, digits) in [("EUR", "2"), ("JPY", "0"), ("HUF", "2"), ("KWD", "3"), ("ISK", "0")] {
        assert_eq!(db.text(&format!("minor_digits('{currency}')")).await, digits, "{currency}");
    }
    for (amount, currency, text) in
        [("199.9", "EUR", "199.90"), ("500", "JPY", "500"), ("1.5", "KWD", "1.500"), ("0", "RON", "0.00")]
    {
        assert_eq!(db.text(&format!("money_text({amount}, '{currency}')")).await, text);
    }
    for (id, right) in [
        ("18189442", true),
        ("RO18189442", true),
        ("RO14399840", true),
        ("18189440", false),
        ("RO", false),
        ("RO0", false),
        ("DE123456789", true),
        ("", false),
        ("de1", false),
    ] {
        assert_eq!(db.text(&format!("is_tax_id('{id}')")).await, right.to_string(), "{id}");
    }
}

/// Under `#variable_conflict use_column` a name that is a variable and a column means the column:
/// `k.route = route` is true.
#[tokio::test]
async fn no_variable_is_named_like_a_column_where_a_column_would_win() {
    let db = Database::empty().await;
    database::migrate(db.config(), &database::Options::default(), &|_| {}).await.unwrap();
    let rows = "SELECT p.proname || '.' || v[1] FROM pg_proc p,
            regexp_matches(substring(p.prosrc from 'DECLARE(.*?)\\nBEGIN'), '^ +([a-z_]+) ', 'gn') AS v
        WHERE p.pronamespace = 'public'::regnamespace AND p.prosrc LIKE '%#variable_conflict use_column%'
            AND EXISTS (SELECT FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
                WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
                    AND c.relname NOT LIKE 'schema_%' AND a.attname = v[1])
        ORDER BY 1";
    let found: Vec<String> = db.client.query(rows, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert!(found.is_empty(), "{found:?}");
}
