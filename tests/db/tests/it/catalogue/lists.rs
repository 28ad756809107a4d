//! What a page of products reads doesn't depend on how many there are.

use std::sync::{Arc, Mutex, Weak};

use kit::database::{OwnDatabase, connect, on_own_runtime};
use serde_json::Value;
use tokio_postgres::Client;

use crate::database::{ORG, OTHER_ORG, fixture};

/// So many products are many. PRODUCTS_GROWN says another number.
const MANY: u32 = 100_000;

/// So many are few: a table of schemas may be read from end to end.
const FEW: i64 = 1_000;

/// The schema of every second product, and one of a few.
const LARGE: &str = "cccccccc-0000-7000-8000-000000000001";
const SMALL: &str = "cccccccc-0000-7000-8000-000000000002";

struct Grown {
    client: Client,
    _database: Arc<OwnDatabase>,
}

impl Grown {
    async fn many() -> Self {
        static MADE: Mutex<Weak<OwnDatabase>> = Mutex::new(Weak::new());
        let database = {
            let mut made = MADE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            made.upgrade().unwrap_or_else(|| {
                let rows = std::env::var("PRODUCTS_GROWN").map_or(MANY, |rows| rows.parse().expect("a number"));
                let database = Arc::new(on_own_runtime(grow(rows)));
                *made = Arc::downgrade(&database);
                database
            })
        };
        Self { client: connect(&database.url()).await, _database: database }
    }

    /// The rows that this connection has read in sequential scans.
    async fn scanned(&self) -> i64 {
        let sql = "SELECT coalesce(sum(seq_tup_read), 0)::bigint FROM pg_stat_xact_user_tables";
        self.client.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// How many buffers a call reads, with all that it calls.
    async fn buffers(&self, call: &str) -> u64 {
        let explain = format!("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT body FROM {call}");
        let row = self.client.query_one(&explain, &[]).await.unwrap_or_else(|error| panic!("{call}: {error:?}"));
        let plan = row.get::<_, Value>(0)[0]["Plan"].clone();
        ["Shared Hit Blocks", "Shared Read Blocks"].iter().filter_map(|name| plan[name].as_u64()).sum()
    }

    async fn page(&self, call: &str) -> Value {
        let row = self.client.query_one(&format!("SELECT body FROM {call}"), &[]).await.unwrap();
        serde_json::from_str(row.get(0)).unwrap()
    }
}

/// Red, blue and six more; one in 60 is an okapi, one in 400 a zebra, one in 5,000 a quagga; one in
/// a thousand isn't sold.
async fn grow(rows: u32) -> OwnDatabase {
    let database = OwnDatabase::copy_of(fixture()).await;
    let client = connect(&database.url()).await;
    let sql = format!(
        "INSERT INTO product_schemas (id, organization_id, name, fields) VALUES
            ('{LARGE}', '{ORG}', 'Large', '[]'), ('{SMALL}', '{ORG}', 'Small', '[]');
        INSERT INTO products (id, organization_id, sku, name, currency, price, active, schema_id, created_at, updated_at)
        SELECT md5('product' || n)::uuid, '{ORG}', 'SKU-' || lpad(n::text, 8, '0'),
            (ARRAY['Red', 'Blue', 'Green', 'Wool', 'Steel', 'Linen', 'Oak', 'Clay'])[1 + n % 8] || ' thing' || n % 1000
                || CASE WHEN n % 60 = 0 THEN ' okapi' ELSE '' END
                || CASE WHEN n % 400 = 0 THEN ' zebra' ELSE '' END || CASE WHEN n % 5000 = 0 THEN ' quagga' ELSE '' END,
            'EUR', n % 997, n % 1000 <> 0,
            CASE WHEN n % 2 = 0 THEN '{LARGE}' WHEN n % 10000 = 1 THEN '{SMALL}' END::uuid,
            now() - n * interval '1 second', now() - n * interval '1 second'
        FROM generate_series(1, {rows}) AS n;
        DELETE FROM cache_invalidations"
    );
    client.batch_execute(&sql).await.unwrap();
    client.batch_execute("VACUUM ANALYZE").await.unwrap();
    database
}

fn list(search: &str, schema: &str, active: &str, sort: &str, place: &str) -> String {
    let text = |text: &str| if text.is_empty() { "NULL".to_owned() } else { format!("'{text}'") };
    let place = if place.is_empty() { "0, NULL, NULL".to_owned() } else { place.to_owned() };
    format!("product_list('{ORG}', {}, {}, {active}, {sort}, 20, {place})", text(search), text(schema))
}

const NOWHERE: &str = "'00000000-0000-0000-0000-000000000000'";

/// Pages, and how many buffers each may read.
fn pages() -> Vec<(String, u64)> {
    let newest = "'createdAt', 'desc'";
    let mut pages = vec![
        (list("", "", "NULL", "'name', 'asc'", "9980, NULL, NULL"), 3_000),
        (list("", "", "NULL", "'name', 'asc'", &format!("0, 'Red thing500', {NOWHERE}")), 1_000),
        (list("", "", "NULL", "'sku', 'desc'", &format!("0, 'SKU-00050000', {NOWHERE}")), 1_000),
        (list("", "", "NULL", "'price', 'desc'", &format!("0, '500', {NOWHERE}")), 1_000),
        (list("", "", "true", newest, ""), 1_000),
        (list("", "", "false", "'name', 'asc'", ""), 12_000),
        (list("", SMALL, "NULL", "'price', 'asc'", ""), 12_000),
        (list("", LARGE, "NULL", "'price', 'asc'", ""), 12_000),
        (format!("organization_products('{ORG}', 20, NULL)"), 1_000),
        (format!("organization_products('{OTHER_ORG}', 20, NULL)"), 1_000),
        (format!("schema_products('{ORG}', '{SMALL}', 20, NULL)"), 1_000),
        (
            format!(
                "schema_products('{ORG}', '{LARGE}', 20, '2020-01-01T00:00:00Z_00000000-0000-0000-0000-000000000000')"
            ),
            1_000,
        ),
        (format!("schema_list('{ORG}', 20, NULL)"), 1_000),
        (format!("product_get('{ORG}', md5('product7')::uuid)"), 100),
        (format!("product_details('{ORG}', md5('product7')::uuid)"), 100),
    ];
    for sort in ["createdAt", "updatedAt", "name", "sku", "price"] {
        pages.extend(["asc", "desc"].map(|order| (list("", "", "NULL", &format!("'{sort}', '{order}'"), ""), 1_000)));
    }
    for search in [
        "z",
        "s",
        "red",
        "red thing1",
        "sku thing999",
        "zebra",
        "quagga",
        "sku-0005",
        "none",
        "red blue",
        "zebra quagga red",
    ] {
        pages.extend([newest, "'name', 'desc'"].map(|sort| (list(search, "", "NULL", sort, ""), 12_000)));
    }
    // As many as are collected, without a look at the word that they were found by; and many words
    // that are all common, of which no product has all.
    for search in
        ["okapi", "blue clay red sku thing", "b c g l o r t w", "b c g l o r t w s sk sku t th thi thin thing"]
    {
        pages.extend([newest, "'name', 'desc'"].map(|sort| (list(search, "", "NULL", sort, ""), 10_000)));
    }
    pages
}

#[tokio::test]
async fn every_page_of_products_reads_a_bounded_number_of_rows() {
    let grown = Grown::many().await;
    let mut wrong = Vec::new();
    for (page, most) in pages() {
        // What a connection reads of the catalogue it reads once.
        grown.page(&page).await;
        let before = grown.scanned().await;
        let read = grown.buffers(&page).await;
        let scanned = grown.scanned().await - before;
        if scanned > FEW || read > most {
            wrong.push(format!("{page}: {read} buffers, {scanned} rows one after the other"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn a_search_finds_the_same_whether_it_collects_or_walks() {
    let grown = Grown::many().await;
    for (search, filter) in [
        ("quagga", "name LIKE '% quagga'"),
        ("zebra red", "name LIKE 'Red% zebra%'"),
        ("red", "name LIKE 'Red %'"),
        ("thing77 blue", "name ~ '^Blue thing77'"),
    ] {
        let sql = format!(
            "SELECT id::text FROM products WHERE organization_id = '{ORG}' AND deleted_at IS NULL AND {filter} ORDER BY price, id LIMIT 60"
        );
        let expected: Vec<String> = grown.client.query(&sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
        let (mut found, mut place, mut pages) = (Vec::new(), String::new(), 0);
        while found.len() < expected.len() && pages < 200 {
            let page = grown.page(&list(search, "", "NULL", "'price', 'asc'", &place)).await;
            found.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()));
            let Some((value, id)) = page["next"].as_str().and_then(|next| next.rsplit_once('_')) else { break };
            place = format!("0, '{value}', '{id}'");
            pages += 1;
        }
        found.truncate(expected.len());
        assert_eq!(found, expected, "{search}");
    }
}

#[tokio::test]
async fn a_total_is_told_only_if_few_have_to_be_counted() {
    let grown = Grown::many().await;
    let newest = "'createdAt', 'desc'";
    for (page, total) in [
        (list("", "", "NULL", newest, ""), None),
        (list("", LARGE, "NULL", newest, ""), None),
        (list("red", "", "NULL", newest, ""), None),
        (list("quagga", "", "NULL", newest, ""), Some(i64::from(MANY) / 5000)),
        (list("quagga", LARGE, "true", newest, ""), Some(0)),
        (list("", SMALL, "NULL", newest, ""), Some(i64::from(MANY) / 10000)),
        (list("none", "", "NULL", newest, ""), Some(0)),
    ] {
        assert_eq!(grown.page(&page).await["total"].as_i64(), total, "{page}");
    }
}
