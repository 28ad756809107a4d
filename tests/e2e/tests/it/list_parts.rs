//! A change makes those pages of orders anew that it touches, and no others. None is ever stale.

use std::collections::HashMap;

use e2e::{Answer, App};
use serde_json::json;

/// A page: where it is served, and what Postgres says of it.
struct Page {
    path: String,
    sql: String,
    /// True if an order that enters this status, or leaves it, changes the page by that alone.
    depends_on: fn(status: &str) -> bool,
}

impl Page {
    /// A page of the organisation's orders. `filters`: customer, status, payment status, currency.
    fn of_orders(app: &App, page: u32, filters: [Option<&str>; 4], depends_on: fn(&str) -> bool) -> Self {
        let names = ["customerId", "status", "paymentStatus", "currency"];
        let given = names.iter().zip(filters).filter_map(|(name, value)| Some(format!("&{name}={}", value?)));
        let path = format!("/orders?limit=5&page={page}{}", given.collect::<String>());
        let sql = filters.map(|value| value.map_or("NULL".to_owned(), |value| format!("'{value}'"))).join(", ");
        let (org, offset) = (&app.sample.org, (page - 1) * 5);
        let sql =
            format!("SELECT body FROM order_list('{org}', {sql}, NULL, NULL, NULL, 'createdAt', 'desc', 5, {offset})");
        Self { path, sql, depends_on }
    }

    fn of_customer(app: &App, page: u32) -> Self {
        let (org, customer, offset) = (&app.sample.org, &app.sample.customer, (page - 1) * 5);
        let path = format!("/customers/{customer}/orders?page={page}&size=5");
        let sql = format!("SELECT body FROM order_history('{org}', '{customer}', 5, {offset})");
        Self { path, sql, depends_on: |_| false }
    }

    /// What the server answers, which must be what Postgres says.
    async fn read(&self, app: &App, after: &str) -> Answer {
        let answer = app.client.get(&self.path).await.expect(200);
        let truth = app.psql_value(&self.sql).await;
        assert_eq!(answer.text(), truth, "{after}: {} is old: {}", self.path, answer.header("cache-status"));
        answer
    }

    async fn shows(&self, app: &App, order: &str) -> bool {
        app.psql_value(&self.sql).await.contains(order)
    }
}

fn pages(app: &App) -> Vec<Page> {
    let none = |_: &str| false;
    let customer = Some(app.sample.customer.as_str());
    vec![
        Page::of_orders(app, 1, [None; 4], none),
        Page::of_orders(app, 2, [None; 4], none),
        Page::of_orders(app, 1, [None, Some("pending"), None, None], |status| status == "pending"),
        Page::of_orders(app, 1, [None, Some("confirmed"), None, None], |status| status == "confirmed"),
        Page::of_orders(app, 1, [None, Some("shipped"), None, None], |status| status == "shipped"),
        Page::of_orders(app, 1, [None, Some("shipped"), Some("paid"), None], |status| status == "shipped"),
        Page::of_orders(app, 2, [None, None, Some("paid"), None], none),
        Page::of_orders(app, 1, [None, None, None, Some("EUR")], none),
        Page::of_orders(app, 1, [customer, None, None, None], none),
        Page::of_customer(app, 1),
        Page::of_customer(app, 2),
    ]
}

/// The oldest order of a status.
async fn oldest_order(app: &App, status: &str) -> String {
    app.psql_value(&format!(
        "SELECT id::text FROM orders WHERE organization_id = '{}' AND status = '{status}' AND deleted_at IS NULL
         ORDER BY created_at LIMIT 1",
        app.sample.org
    ))
    .await
}

/// Reads every page after a change was acknowledged. `touched` says which must be made anew; all
/// others must not be.
async fn made_anew_are(app: &App, pages: &[Page], change: &str, touched: &[bool]) {
    for (page, touched) in pages.iter().zip(touched) {
        let answer = page.read(app, change).await;
        let how = answer.header("cache-status").to_owned();
        assert_eq!(how.contains("fwd=miss"), *touched, "{change}: {}: {how}", page.path);
    }
    for page in pages {
        assert!(app.warm(&page.path).await.header("cache-status").contains("hit"), "{change}");
    }
}

async fn those_that_show(app: &App, pages: &[Page], order: &str) -> Vec<bool> {
    let mut shown = Vec::new();
    for page in pages {
        shown.push(page.shows(app, order).await);
    }
    shown
}

fn either(one: &[bool], other: &[bool]) -> Vec<bool> {
    one.iter().zip(other).map(|(one, other)| *one || *other).collect()
}

fn of_statuses(pages: &[Page], statuses: &[&str]) -> Vec<bool> {
    pages.iter().map(|page| statuses.iter().any(|status| (page.depends_on)(status))).collect()
}

async fn warm(app: &App, pages: &[Page]) {
    for page in pages {
        app.warm(&page.path).await;
    }
}

#[tokio::test]
async fn a_change_makes_anew_the_pages_that_it_touches_and_no_others() {
    let app = App::spawn_alone().await;
    let pages = pages(&app);
    let newest = app.new_order_id().await;
    warm(&app, &pages).await;

    let shown = those_that_show(&app, &pages, &newest).await;
    assert!(shown.contains(&true) && shown.contains(&false));
    app.client.patch(&newest, json!({"notes": "ring twice"})).await.expect(200);
    made_anew_are(&app, &pages, "a note", &shown).await;

    let hidden = oldest_order(&app, "pending").await;
    let shown = those_that_show(&app, &pages, &hidden).await;
    app.client.patch(&hidden, json!({"notes": "ring"})).await.expect(200);
    made_anew_are(&app, &pages, "a note of an order that no page shows", &shown).await;

    app.client.patch(&hidden, json!({"status": "confirmed"})).await.expect(200);
    let after = those_that_show(&app, &pages, &hidden).await;
    let touched = either(&either(&shown, &after), &of_statuses(&pages, &["pending", "confirmed"]));
    assert!(touched[2] && touched[3] && !touched[4]);
    made_anew_are(&app, &pages, "a status", &touched).await;

    let shown = those_that_show(&app, &pages, &newest).await;
    app.client.set_statuses(&[&newest], "confirmed").await.expect(200);
    let after = those_that_show(&app, &pages, &newest).await;
    let touched = either(&either(&shown, &after), &of_statuses(&pages, &["pending", "confirmed"]));
    made_anew_are(&app, &pages, "a status of an order that is shown", &touched).await;

    let eur = app.sample.currency == "EUR";
    let of_all = [true, true, true, false, false, false, false, eur, true, true, true];
    let created = app.new_order_id().await;
    made_anew_are(&app, &pages, "a new order", &of_all).await;
    app.client.delete(&created).await.expect(204);
    made_anew_are(&app, &pages, "a deletion", &of_all).await;
}

/// By no function of ours: a renewal of the certificate announces it, within a second.
#[tokio::test]
async fn a_change_by_psql_makes_anew_the_pages_that_it_touches_and_no_others() {
    let app = App::spawn_alone().await;
    let pages = pages(&app);
    let newest = app.new_order_id().await;
    warm(&app, &pages).await;
    let shown = those_that_show(&app, &pages, &newest).await;
    app.psql(&format!("UPDATE order_items SET name = 'another name' WHERE order_id = '{newest}'")).await;
    app.apply_announced(&app.sample.order).await;
    made_anew_are(&app, &pages, "an item's name", &shown).await;
}

#[tokio::test]
async fn an_order_that_was_placed_long_before_its_commit_shows_in_the_pages_that_it_belongs_to() {
    let app = App::spawn_alone().await;
    let pages = pages(&app);
    let slow = kit::database::connect(app.database_url()).await;
    slow.batch_execute(&format!(
        "/* e2e: */ BEGIN; INSERT INTO orders (id, organization_id, customer_id, currency, total_amount)
         SELECT '0190a0ff-0000-7000-8000-00000000beef', '{}', '{}', 'EUR', 0",
        app.sample.org, app.sample.customer
    ))
    .await
    .expect("an order that is on its way");
    for _ in 0..30 {
        app.new_order_id().await;
    }
    warm(&app, &pages).await;
    slow.batch_execute("COMMIT").await.expect("committed");
    app.apply_announced(&app.sample.order).await;
    // Its place is behind orders that were committed before it: only the totals of the first pages
    // tell of it.
    let of_all = [true, true, true, false, false, false, false, true, true, true, true];
    made_anew_are(&app, &pages, "a late commit", &of_all).await;
}

/// The first answer may have been lost before anything was invalidated.
#[tokio::test]
async fn a_repeated_request_vouches_for_every_page() {
    let app = App::spawn_alone().await;
    let pages = pages(&app);
    let (key, request) = (crate::new_key(), app.order_request());
    warm(&app, &pages).await;
    let first = app.client.create(request.clone(), &key).await.expect(201).json();
    // As if its writer had died: nothing that it announced has reached Redis.
    for page in &pages {
        page.read(&app, "the first").await;
        app.warm(&page.path).await;
    }
    assert_eq!(app.client.create(request, &key).await.expect(201).json(), first);
    let anew = pages[0].read(&app, "the repetition").await;
    assert!(anew.header("cache-status").contains("fwd=miss"), "{}", anew.header("cache-status"));
}

/// Numbers in [0, 1), the same in each run.
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn below(&mut self, count: usize) -> usize {
        (self.next() * count as f64) as usize
    }

    /// The rank of one of `count`, by Zipf's law.
    fn rank(&mut self, count: usize) -> usize {
        let all: f64 = (1..=count).map(|rank| 1.0 / rank as f64).sum();
        let mut left = self.next() * all;
        (1..=count)
            .position(|rank| {
                left -= 1.0 / rank as f64;
                left < 0.0
            })
            .unwrap_or(count - 1)
    }
}

/// 25 reads for a write: Zipf over 200 filters and five pages; notes, statuses, creations. About
/// every sixth read finds a page that was changed indeed.
#[tokio::test]
async fn under_writes_most_pages_stay_cached_and_none_is_stale() {
    let app = App::spawn_alone().await;
    let customers = app
        .psql_value(&format!(
            "SELECT string_agg(id, ' ') FROM (SELECT customer_id::text AS id FROM orders
             WHERE organization_id = '{}' GROUP BY customer_id ORDER BY count(*) DESC, id LIMIT 189) AS c",
            app.sample.org
        ))
        .await;
    let mut filters = vec![[None; 4]];
    let statuses = ["pending", "confirmed", "processing", "shipped", "delivered", "cancelled"];
    filters.extend(statuses.map(|status| [None, Some(status), None, None]));
    filters.extend(["unpaid", "paid"].map(|payment| [None, None, Some(payment), None]));
    filters.extend(["EUR", "RON"].map(|currency| [None, None, None, Some(currency)]));
    filters.extend(customers.split(' ').map(|customer| [Some(customer), None, None, None]));
    let pages: Vec<Vec<Page>> = filters
        .iter()
        .map(|filter| (1..=5).map(|page| Page::of_orders(&app, page, *filter, |_| false)).collect())
        .collect();
    for _ in 0..16 {
        app.new_order_id().await;
    }
    let mut shown = HashMap::new();
    for page in pages.iter().flatten() {
        let first = app.client.get(&page.path).await.expect(200);
        shown.insert(page.path.clone(), first.text());
    }
    let orders = async |of: &str| {
        let orders = app
            .psql_value(&format!(
                "SELECT string_agg(id::text, ' ' ORDER BY id) FROM orders WHERE organization_id = '{}'
                 AND deleted_at IS NULL AND {of}",
                app.sample.org
            ))
            .await;
        orders.split(' ').map(str::to_owned).collect::<Vec<_>>()
    };
    let (all, mut open) = (orders("true").await, orders("status IN ('pending', 'confirmed')").await);

    let truth = kit::database::connect(app.database_url()).await;
    let mut draws = Draws(7);
    let before = app.statements().await;
    let (mut reads, mut kept, mut needless) = (0, 0, 0);
    for write in 0..24 {
        let order = &all[draws.below(all.len())];
        match draws.below(100) {
            0..60 => drop(app.client.patch(order, json!({"notes": format!("note {write}")})).await.expect(200)),
            60..85 => {
                // One that is so already is vouched for, which makes every page anew.
                let pending = open.swap_remove(draws.below(open.len()));
                app.client.set_statuses(&[&pending], "cancelled").await.expect(200);
            }
            _ => drop(app.new_order_id().await),
        }
        for _ in 0..25 {
            let page = &pages[draws.rank(pages.len())][draws.rank(5)];
            let answer = app.client.get(&page.path).await.expect(200);
            let said: String = truth.query_one(&format!("/* e2e: */ {}", page.sql), &[]).await.expect("a page").get(0);
            let how = answer.header("cache-status");
            assert_eq!(answer.text(), said, "write {write}: {} is old: {how}", page.path);
            reads += 1;
            kept += usize::from(answer.is_hit());
            let same = shown.insert(page.path.clone(), said.clone()) == Some(said);
            needless += usize::from(how.contains("fwd=miss") && same);
        }
    }
    let ran = app.statements().await.since(&before);
    let asked = ran.iter().filter(|statement| statement.contains("order_list(")).count();
    println!("{asked} queries for {reads} reads, {kept} from the cache, {needless} of pages that are as they were");
    assert!(asked * 4 <= reads, "{asked} queries for {reads} reads");
    assert!(needless * 20 <= reads, "{needless} of {reads} reads were made anew though nothing had changed");
}
