//! A database per test, copied from a template.

use std::ops::Deref;
use std::sync::Once;

use kit::database::{connect, make_template, on_own_runtime, seed, seed_text, server};
use tokio_postgres::{Client, Row};
use uuid::Uuid;

/// The fixture's first organisation, with CUSTOMER and OTHER_CUSTOMER.
pub const ORG: Uuid = Uuid::from_u128(0xaaaaaaaa_0000_7000_8000_000000000001);
/// The fixture's second organisation, with STRANGER.
pub const OTHER_ORG: Uuid = Uuid::from_u128(0xaaaaaaaa_0000_7000_8000_000000000002);
pub const CUSTOMER: Uuid = Uuid::from_u128(0xbbbbbbbb_0000_7000_8000_000000000001);
pub const OTHER_CUSTOMER: Uuid = Uuid::from_u128(0xbbbbbbbb_0000_7000_8000_000000000002);
pub const STRANGER: Uuid = Uuid::from_u128(0xbbbbbbbb_0000_7000_8000_000000000003);
/// The organisation with every second order of the seeded data.
pub const SEEDED_ORG: Uuid = Uuid::from_u128(0x0190a000_0000_7000_8000_000000000001);

/// The statement that calls a function with so many parameters.
pub fn call(function: &str, parameters: usize) -> String {
    let places: Vec<String> = (1..=parameters).map(|place| format!("${place}")).collect();
    format!("SELECT * FROM {function}({})", places.join(", "))
}

/// The rows that a template holds beside the schema.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Contents {
    Fixture,
    Seed,
}

const FIXTURE: &str = include_str!("../../fixture.sql");
const SEED_ORDERS: u32 = 10_000;

impl Contents {
    const fn template(self) -> &'static str {
        match self {
            Self::Fixture => "db_tests_fixture",
            Self::Seed => "db_tests_seed",
        }
    }

    async fn make_template(self) {
        let files = database::Files::read(database::default_dir()).expect("database/").fingerprint();
        let rows = match self {
            Self::Fixture => FIXTURE.to_owned(),
            Self::Seed => format!("{SEED_ORDERS} {}", seed_text()),
        };
        make_template(&server(), self.template(), &[&files, &rows], async |url| {
            let config = url.parse().expect("a Postgres URL");
            database::migrate(&config, &database::Options::default(), &|_| {}).await.expect("the schema");
            match self {
                Self::Fixture => connect(url).await.batch_execute(FIXTURE).await.expect("the fixture"),
                Self::Seed => seed(url, SEED_ORDERS),
            }
        })
        .await;
    }
}

/// A test's own database.
pub struct Database(kit::database::Database);

impl Deref for Database {
    type Target = kit::database::Database;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Database {
    /// The schema and `fixture.sql`.
    pub async fn new() -> Self {
        Self::copy_of(Contents::Fixture).await
    }

    /// The schema and 10,000 seeded orders.
    pub async fn seeded() -> Self {
        Self::copy_of(Contents::Seed).await
    }

    /// Nothing at all.
    pub async fn empty() -> Self {
        Self(kit::database::Database::empty().await)
    }

    /// A database as the last release without a runner left it.
    pub async fn release_0() -> Self {
        let db = Self::empty().await;
        db.run(include_str!("../../fixtures/release_0.sql")).await;
        db
    }

    async fn copy_of(contents: Contents) -> Self {
        Self(kit::database::Database::copy_of(template(contents)).await)
    }

    /// Places an order for CUSTOMER, one CUP in EUR, and forgets its announcement.
    pub async fn order(&self) -> Uuid {
        let id = Uuid::now_v7();
        let request =
            serde_json::json!({"customerId": CUSTOMER, "currency": "EUR", "items": [{"sku": "CUP", "quantity": 1}]});
        let row = self.create(&request, &id.to_string(), id).await;
        assert_eq!(row.get::<_, &str>("outcome"), "created");
        self.announced().await;
        id
    }

    /// Calls order_create for ORG with a key.
    pub async fn create(&self, request: &serde_json::Value, key: &str, id: Uuid) -> Row {
        create(&self.client, request, key, id).await
    }

    /// The transaction that has announced last, as a writer names it.
    pub async fn last_transaction(&self) -> String {
        self.text("SELECT cache_server() || ' ' || xid FROM cache_invalidations ORDER BY id DESC LIMIT 1").await
    }

    /// Forgets what transactions have announced, whose writers told these tags to a run of a cache.
    pub async fn forget(&self, covered: &[(&str, &[String])], cache: &str, run: &str) {
        let told =
            covered.iter().flat_map(|(transaction, tags)| tags.iter().map(move |tag| (*transaction, tag.as_str())));
        let (transactions, tags): (Vec<&str>, Vec<&str>) = told.unzip();
        let forget = call("cache_forget_transactions", 4);
        self.client.execute(&forget, &[&transactions, &tags, &cache, &run]).await.unwrap();
    }

    /// A connection that holds an order's row until it ends its transaction.
    pub async fn holder_of(&self, order: Uuid) -> Client {
        let holder = self.connect().await;
        let hold = format!("BEGIN; SELECT FROM orders WHERE id = '{order}' FOR UPDATE");
        holder.batch_execute(&hold).await.unwrap();
        holder
    }

    /// Returns once some connection to this database waits for another one's lock.
    pub async fn wait_for_a_lock(&self) {
        let waiting = "EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database()))";
        while self.text(&format!("SELECT {waiting}")).await != "true" {
            tokio::task::yield_now().await;
        }
    }

    /// An order's version.
    pub async fn version(&self, id: Uuid) -> i64 {
        self.client.query_one("SELECT version FROM orders WHERE id = $1", &[&id]).await.unwrap().get(0)
    }
}

/// Calls order_create for ORG with a key over a connection; the body's hash is that of the
/// request's text.
pub async fn create(client: &Client, request: &serde_json::Value, key: &str, id: Uuid) -> Row {
    let hash = request.to_string();
    client.query_one(&call("order_create", 6), &[&ORG, request, &"somebody", &key, &hash, &id]).await.unwrap()
}

/// The tags of an order of ORG in EUR that isn't paid for, where a change moves numbers of orders
/// and every set that it is in, sorted as [`Database::announced`] sorts them.
pub fn tags(id: Uuid, customers: &[Uuid], statuses: &[&str]) -> Vec<String> {
    let mut tags = tags_of_status(id, customers, statuses);
    tags.extend([set(""), set("/currency/EUR"), set("/payment/unpaid")]);
    tags.extend(customers.iter().map(|customer| set(&format!("/customer/{customer}"))));
    tags.sort();
    tags
}

/// As [`tags`], where nothing but the status changes.
pub fn tags_of_status(id: Uuid, customers: &[Uuid], statuses: &[&str]) -> Vec<String> {
    let mut tags = tags_of_no_number(id, customers, statuses);
    tags.extend(["all".to_owned(), format!("counts:{ORG}")]);
    tags.extend(statuses.iter().map(|status| set(&format!("/status/{status}"))));
    tags.sort();
    tags
}

/// As [`tags`], where an answer vouches for a change of before, of which nothing is known.
pub fn vouched(id: Uuid, customers: &[Uuid], statuses: &[&str]) -> Vec<String> {
    let mut tags = tags_of_no_number(id, customers, statuses);
    tags.extend(["all".to_owned(), format!("counts:{ORG}"), format!("lists:{ORG}")]);
    tags.sort();
    tags
}

/// The tag of a set of ORG's orders.
pub fn set(of: &str) -> String {
    format!("orders:{ORG}{of}")
}

/// As [`tags`], where the change moves no number of orders and no set.
pub fn tags_of_no_number(id: Uuid, customers: &[Uuid], statuses: &[&str]) -> Vec<String> {
    let mut tags = vec![format!("order:{ORG}/{id}"), format!("org:{ORG}")];
    tags.extend(customers.iter().map(|customer| format!("customer:{ORG}/{customer}")));
    tags.extend(statuses.iter().map(|status| format!("status:{ORG}/{status}")));
    tags.sort();
    tags
}

/// The tags by which many rows of an organisation are announced, sorted.
pub fn tenant(organization: Uuid) -> Vec<String> {
    vec!["all".to_owned(), format!("tenant:{organization}")]
}

/// The name of the database with the schema and `fixture.sql`: to be copied and never changed.
pub fn fixture() -> &'static str {
    template(Contents::Fixture)
}

/// The name of a template, which is made by the first test that needs it.
fn template(contents: Contents) -> &'static str {
    static MADE: [Once; 2] = [const { Once::new() }; 2];
    MADE[contents as usize].call_once(|| on_own_runtime(contents.make_template()));
    contents.template()
}
