//! Writers that note their acknowledged writes, and readers that compare.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use e2e::history::{self, Effect, Moment, Operation};
use e2e::{Answer, App, Client, SOON, eventually};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::Dice;

const ORDERS: usize = 4;
const READERS: u64 = 5;
const WRITERS: u64 = 2;

/// After this time a commit of any other program must show.
const SEEN_WITHIN: Duration = Duration::from_secs(1);

/// An order that is written to. `acknowledged` is the newest version whose write was answered.
struct WatchedOrder {
    id: String,
    number: String,
    acknowledged: AtomicI64,
    /// Its first version, and what readers and writers have seen since.
    first: i64,
    history: Mutex<Vec<Operation>>,
}

impl WatchedOrder {
    /// Notes an operation that began at this moment and ends now, or as much later.
    fn note(&self, shared: &CheckerState, begin: Moment, later: Duration, effect: Effect) {
        let end = shared.moment() + later.as_micros() as Moment;
        lock(&self.history).push(Operation { begin, end, effect });
    }
}

/// The contents that a reader of an order compares.
fn contents(order: &Value) -> String {
    order["notes"].as_str().unwrap_or_default().to_owned()
}

/// The counts during one fault.
#[derive(Clone, Copy, Debug, Default)]
struct FaultTally {
    reads: u64,
    hits: u64,
    stale_if_error: u64,
    refused: u64,
    patches: u64,
    creations: u64,
    by_sql: u64,
}

/// A read that was answered: its begin, how long it took, whether it was a hit, and the server that
/// was asked.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    pub begun: Instant,
    pub took: Duration,
    pub is_hit: bool,
    pub server: usize,
}

/// The common parts of readers, writers and the scenario.
struct CheckerState {
    /// One for each server.
    clients: Vec<Client>,
    customer: String,
    orders: Vec<WatchedOrder>,
    /// The least number of orders, in statistics and in the list's total.
    count: AtomicI64,
    /// The moment that all histories count from.
    begun: Instant,
    over: AtomicBool,
    excused: AtomicBool,
    fault: Mutex<&'static str>,
    tallies: Mutex<BTreeMap<&'static str, FaultTally>>,
    /// Since the fault was entered.
    timings: Mutex<Vec<Timing>>,
    failures: Mutex<Vec<String>>,
}

pub struct Checker {
    shared: Arc<CheckerState>,
    tasks: Vec<JoinHandle<()>>,
    seed: u64,
}

impl Checker {
    /// Readers and writers of the app's server, and of its database.
    pub async fn start(app: &App, seed: u64) -> Checker {
        Self::start_on(app, vec![app.client.clone()], app.database_url(), seed).await
    }

    /// Readers and writers of these servers, and of the app's database at this address.
    pub async fn start_on(app: &App, clients: Vec<Client>, database_url: &str, seed: u64) -> Checker {
        let mut orders = Vec::new();
        for _ in 0..ORDERS {
            let order = clients[0].create(app.order_request(), &crate::new_key()).await.expect(201);
            let body = order.json();
            let text = |name: &str| body[name].as_str().expect("a text").to_owned();
            let (first, acknowledged) = (order.version(), AtomicI64::new(order.version()));
            let (id, number, history) = (text("id"), text("orderNumber"), Mutex::default());
            orders.push(WatchedOrder { id, number, acknowledged, first, history });
        }
        let count = clients[0].stats("").await.expect(200).json()["totalOrders"].as_i64().expect("totalOrders");
        let shared = Arc::new(CheckerState {
            clients,
            customer: app.sample.customer.clone(),
            orders,
            count: AtomicI64::new(count),
            begun: Instant::now(),
            over: AtomicBool::new(false),
            excused: AtomicBool::new(false),
            fault: Mutex::new("start"),
            tallies: Mutex::default(),
            timings: Mutex::default(),
            failures: Mutex::default(),
        });
        let mut dice = Dice::new(seed ^ 0x5eed);
        let mut tasks = Vec::new();
        for _ in 0..READERS {
            tasks.push(tokio::spawn(read(shared.clone(), Dice::new(dice.roll()))));
        }
        for _ in 0..WRITERS {
            tasks.push(tokio::spawn(patch(shared.clone(), Dice::new(dice.roll()))));
        }
        // It belongs to another customer, so that the watched orders stay on the first page of
        // theirs.
        let mut order = app.order_request();
        order["customerId"] = json!(app.sample.other_customer);
        tasks.push(tokio::spawn(create(shared.clone(), Dice::new(dice.roll()), order)));
        tasks.push(tokio::spawn(write_by_sql(shared.clone(), Dice::new(dice.roll()), database_url.to_owned())));
        Checker { shared, tasks, seed }
    }

    /// Begins the counts of this fault. If it excuses, a read may be refused while it strikes.
    pub fn enter(&mut self, fault: &'static str, excuses: bool) {
        *lock(&self.shared.fault) = fault;
        self.shared.excused.store(excuses, SeqCst);
        lock(&self.shared.timings).clear();
    }

    /// The reads since the fault was entered, in the order of their answers.
    pub fn timings(&self) -> Vec<Timing> {
        lock(&self.shared.timings).clone()
    }

    /// Waits until hits and writes are as before.
    pub async fn recover(&mut self) {
        let so_far = |shared: &CheckerState| {
            let tallies = lock(&shared.tallies);
            tallies.values().fold((0, 0), |(hits, writes), tally| (hits + tally.hits, writes + tally.patches))
        };
        let (hits, writes) = so_far(&self.shared);
        eventually("hits and writes are back", SOON, || async {
            if self.tasks.iter().any(JoinHandle::is_finished) || !lock(&self.shared.failures).is_empty() {
                return Some(());
            }
            let now = so_far(&self.shared);
            (now.0 >= hits + 20 && now.1 >= writes + 3).then_some(())
        })
        .await;
        if self.shared.excused.load(SeqCst) {
            // The breakers of other instances still rest.
            sleep(Duration::from_millis(1500)).await;
            self.shared.excused.store(false, SeqCst);
        }
    }

    /// Ends all tasks and gives the counts; panics if a read was older than it may be, or if there
    /// were fewer hits and changes than this.
    pub async fn end(self, hits: u64, patches: u64) {
        self.shared.over.store(true, SeqCst);
        for task in self.tasks {
            task.await.expect("readers and writers end without a panic");
        }
        let tallies = lock(&self.shared.tallies);
        let mut sum = FaultTally::default();
        for (fault, t) in tallies.iter() {
            println!(
                "{fault:24} {:6} reads {:6} hits {:4} stale-if-error {:4} refused | {:4} PATCH {:4} POST {:4} by SQL",
                t.reads, t.hits, t.stale_if_error, t.refused, t.patches, t.creations, t.by_sql
            );
            sum.reads += t.reads;
            sum.hits += t.hits;
            sum.patches += t.patches;
        }
        let failures = lock(&self.shared.failures);
        println!("{} reads, {} hits, {} failures, seed {}", sum.reads, sum.hits, failures.len(), self.seed);
        for order in &self.shared.orders {
            let history = lock(&order.history);
            println!("order {}: {} operations", order.id, history.len());
            let checked = history::check(order.first, "", &history);
            checked
                .unwrap_or_else(|why| panic!("E2E_SEED={}: order {} breaks the promise: {why}", self.seed, order.id));
        }
        assert!(failures.is_empty(), "E2E_SEED={}:\n{}", self.seed, failures.join("\n"));
        assert!(sum.hits >= hits && sum.patches >= patches, "too little happened for anything to show: {sum:?}");
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nobody panics with it in hand")
}

impl CheckerState {
    fn tally(&self, change: impl FnOnce(&mut FaultTally)) {
        let fault = *lock(&self.fault);
        change(lock(&self.tallies).entry(fault).or_default());
    }

    fn fail(&self, what: String) {
        let mut failures = lock(&self.failures);
        if failures.len() < 20 {
            failures.push(format!("{}: {what}", lock(&self.fault)));
        }
    }

    /// Microseconds since all histories began.
    fn moment(&self) -> Moment {
        self.begun.elapsed().as_micros() as Moment
    }

    fn goes_on(&self) -> bool {
        !self.over.load(SeqCst)
    }

    fn any_server(&self, dice: &mut Dice) -> (usize, &Client) {
        let server = dice.below(self.clients.len());
        (server, &self.clients[server])
    }

    fn any_order(&self, dice: &mut Dice) -> &WatchedOrder {
        &self.orders[dice.below(self.orders.len())]
    }
}

/// The least that a read must show, taken before it begins, and its place in the answer.
enum Floor {
    /// This order's version, in the answer itself.
    Version(i64),
    /// The versions of these orders, in `items`.
    Items(Vec<(String, i64)>),
    /// A number under this name.
    Count(&'static str, i64),
}

impl Floor {
    /// The first value that is older than it may be.
    fn broken_by(&self, body: &Value) -> Option<String> {
        let below = |what: &str, seen: &Value, floor: i64| {
            let seen = seen.as_i64();
            (seen.is_none_or(|seen| seen < floor)).then(|| format!("{what} {seen:?} after {floor} was acknowledged"))
        };
        match self {
            Floor::Version(floor) => below("version", &body["version"], *floor),
            Floor::Count(name, floor) => below(name, &body[name], *floor),
            Floor::Items(floors) => floors.iter().find_map(|(id, floor)| {
                let items = body["items"].as_array()?;
                match items.iter().find(|item| item["id"] == json!(id)) {
                    Some(item) => below("version", &item["version"], *floor),
                    None => Some(format!("order {id} is not listed")),
                }
            }),
        }
    }
}

async fn read(shared: Arc<CheckerState>, mut dice: Dice) {
    while shared.goes_on() {
        let order = shared.any_order(&mut dice);
        let version = |order: &WatchedOrder| order.acknowledged.load(SeqCst);
        let all = || shared.orders.iter().map(|order| (order.id.clone(), version(order))).collect();
        let count = shared.count.load(SeqCst);
        let (server, client) = shared.any_server(&mut dice);
        let get = |path: String| (client.request(Method::GET, &path), path);
        let ((request, name), floor) = match dice.below(12) {
            0 => (get(format!("/orders/{}/summary", order.id)), Floor::Version(version(order))),
            1 | 2 => {
                let floor = Floor::Items(vec![(order.id.clone(), version(order))]);
                (get(format!("/orders?search={}", order.number)), floor)
            }
            3 => (get(format!("/customers/{}/orders?page=1&size=10", shared.customer)), Floor::Items(all())),
            4 => (get("/orders/stats".to_owned()), Floor::Count("totalOrders", count)),
            5 => (get("/orders?limit=1".to_owned()), Floor::Count("total", count)),
            6 | 7 => {
                let floor = Floor::Items(all());
                let ids: Vec<&str> = shared.orders.iter().map(|order| order.id.as_str()).collect();
                let request = client.request(Method::POST, "/orders/statuses").json(&json!({ "ids": ids }));
                ((request, "/orders/statuses".to_owned()), floor)
            }
            _ => (get(format!("/orders/{}", order.id)), Floor::Version(version(order))),
        };
        let (excused, begun, begin) = (shared.excused.load(SeqCst), Instant::now(), shared.moment());
        let answer = client.try_send(request).await;
        if let Ok(answer) = &answer {
            let is_hit = answer.is_hit() && !answer.header("cache-status").contains("stale-if-error");
            lock(&shared.timings).push(Timing { begun, took: begun.elapsed(), is_hit, server });
        }
        if let Ok(answer) = &answer
            && answer.status == 200
            && name == format!("/orders/{}", order.id)
            && !answer.header("cache-status").contains("stale-if-error")
        {
            let effect = Effect::Read { version: answer.version(), contents: contents(&answer.json()) };
            order.note(&shared, begin, Duration::ZERO, effect);
        }
        let excused = excused || shared.excused.load(SeqCst);
        judge(&shared, answer, &floor, &name, excused, begun.elapsed());
        sleep(dice.millis(0, 4)).await;
    }
}

fn judge(
    shared: &CheckerState,
    answer: Result<Answer, reqwest::Error>,
    floor: &Floor,
    name: &str,
    excused: bool,
    took: Duration,
) {
    match answer {
        Ok(answer) if answer.status == 200 => {
            let status = answer.header("cache-status").to_owned();
            let stale = status.contains("stale-if-error");
            shared.tally(|tally| {
                tally.reads += 1;
                tally.hits += u64::from(answer.is_hit() && !stale);
                tally.stale_if_error += u64::from(stale);
            });
            if let Some(what) = floor.broken_by(&answer.json())
                && !stale
            {
                shared.fail(format!("GET {name}: {what} ({status}, {took:?})"));
            }
        }
        Ok(answer) if answer.status == 503 && excused => shared.tally(|tally| tally.refused += 1),
        Err(_) if excused => shared.tally(|tally| tally.refused += 1),
        Ok(answer) => shared.fail(format!("GET {name}: {} {} ({took:?})", answer.status, answer.text())),
        Err(error) => shared.fail(format!("GET {name}: {error} ({took:?})")),
    }
}

async fn patch(shared: Arc<CheckerState>, mut dice: Dice) {
    while shared.goes_on() {
        let (order, (_, client)) = (shared.any_order(&mut dice), shared.any_server(&mut dice));
        let change = json!({ "notes": format!("{:x}", dice.roll()) });
        let request = client.request(Method::PATCH, &format!("/orders/{}", order.id)).json(&change);
        let (begin, contents) = (shared.moment(), contents(&change));
        match client.try_send(request).await {
            Ok(answer) if answer.status == 200 => {
                let effect = Effect::Changed { version: answer.version(), contents };
                order.note(&shared, begin, Duration::ZERO, effect);
                order.acknowledged.fetch_max(answer.version(), SeqCst);
                shared.tally(|tally| tally.patches += 1);
            }
            Ok(answer) if answer.status <= 500 => shared.fail(format!("PATCH: {} {}", answer.status, answer.text())),
            // Without an answer nothing is known of it.
            _ => order.note(&shared, begin, Duration::ZERO, Effect::Unknown { contents }),
        }
        sleep(dice.millis(1, 60)).await;
    }
}

async fn create(shared: Arc<CheckerState>, mut dice: Dice, order: Value) {
    while shared.goes_on() {
        let client = shared.any_server(&mut dice).1;
        let request = client.request(Method::POST, "/orders").header("idempotency-key", crate::new_key());
        if let Ok(answer) = client.try_send(request.json(&order)).await
            && answer.status == 201
        {
            shared.count.fetch_add(1, SeqCst);
            shared.tally(|tally| tally.creations += 1);
        }
        sleep(dice.millis(50, 200)).await;
    }
}

/// Another program in the database, whose commits must be seen within a second.
async fn write_by_sql(shared: Arc<CheckerState>, mut dice: Dice, url: String) {
    while shared.goes_on() {
        let Ok((client, connection)) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await else {
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        let driver = tokio::spawn(connection);
        while shared.goes_on() {
            let index = dice.below(shared.orders.len());
            let order = &shared.orders[index];
            let (begin, contents) = (shared.moment(), format!("{:x}", dice.roll()));
            let change = format!(
                "/* e2e: */ UPDATE orders SET notes = '{contents}' WHERE id = '{}' RETURNING version::int8",
                order.id
            );
            let Ok(Ok(row)) = tokio::time::timeout(Duration::from_secs(5), client.query_one(&change, &[])).await else {
                order.note(&shared, begin, Duration::ZERO, Effect::Unknown { contents });
                break;
            };
            let version: i64 = row.get(0);
            order.note(&shared, begin, SEEN_WITHIN, Effect::Changed { version, contents });
            let later = shared.clone();
            tokio::spawn(async move {
                sleep(SEEN_WITHIN).await;
                later.orders[index].acknowledged.fetch_max(version, SeqCst);
            });
            shared.tally(|tally| tally.by_sql += 1);
            sleep(dice.millis(20, 150)).await;
        }
        driver.abort();
    }
}
