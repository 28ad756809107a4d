//! Redis is emptied under 500 reads a second of 5,000 orders: how soon reads are hits again, and
//! what that costs Postgres.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use e2e::{App, Caller, SOON, Statements, Wire, eventually};
use tokio::time::Instant;

use crate::load;
use crate::report::Report;
use crate::stage::Stage;
use crate::zipf;

/// Orders that are read, of all organisations.
const KEYS: usize = 5000;
/// Reads a second.
const RATE: u64 = 500;
const SECOND: Duration = Duration::from_secs(1);
/// As many reads are made before, of which one of 64 is sampled: twenty minutes at that rate.
const LEARNED: f64 = 600_000.0;
/// Seconds of one run of wrk, which makes them.
const SECONDS: u64 = 10;
/// Reads in a run before they come round.
const SEQUENCE: usize = 100_000;
/// Seconds of reads before and after Redis is emptied.
const BEFORE: usize = 3;
const AFTER: usize = 8;
/// Emptying it may take so long on a machine that is busy.
const SPARE: usize = 3;
/// As many connections send the reads, each one when it is due, whatever became of the others.
const CONNECTIONS: usize = 64;

/// Runs it.
pub async fn run(stage: &Stage, report: &mut Report) {
    let app = App::private().own_redis().in_table().jobs().spawn().await.expect("a server of its own");
    let requests = requests(&app).await;
    let mut learned = 0.0;
    for round in 1.. {
        let sent: Vec<_> =
            zipf::sequence(KEYS, SEQUENCE, round).into_iter().map(|rank| requests[rank].clone()).collect();
        learned += load::run(&app.base_url, &sent, SECONDS, load::CONNECTIONS, &stage.scratch).requests;
        if learned >= LEARNED {
            break;
        }
    }
    // The minute after which the sample is copied is over.
    app.psql("UPDATE jobs SET next_run = now() WHERE name = 'warm'").await;
    let copied = "SELECT count(*)::text FROM jobs WHERE name = 'warm' AND next_run > now() AND leased_until <= now()";
    eventually("the sample is copied", SOON, || async {
        app.client.get(&format!("/orders/{}", app.sample.order)).await.expect(200);
        (app.psql_value(copied).await == "1").then_some(())
    })
    .await;

    let seconds = BEFORE + AFTER + SPARE;
    let reads = Arc::new(Reads {
        sent: zipf::sequence(KEYS, seconds * RATE as usize, 0).into_iter().map(|rank| requests[rank].clone()).collect(),
        next: AtomicUsize::new(0),
        begun: Instant::now() + Duration::from_millis(100),
        read: Mutex::new(Vec::new()),
    });
    let senders: Vec<_> = (0..CONNECTIONS).map(|_| tokio::spawn(reads.clone().send(app.base_url.clone()))).collect();
    tokio::time::sleep_until(reads.begun + Duration::from_secs(BEFORE as u64)).await;
    let known = app.psql_value("SELECT count(*)::text FROM hot_keys").await;
    let before = app.statements().await;
    app.redis.as_ref().expect("its own Redis").flush().await;
    let emptied = reads.begun.elapsed();
    for sender in senders {
        sender.await.expect("a sender");
    }
    let queries = Queries::of(&app, &before).await;
    tell(report, &reads, emptied, &queries, known.parse().expect("a number"));
}

/// A read of each order, by a token of its organisation. The first one is the most wanted.
async fn requests(app: &App) -> Vec<Vec<u8>> {
    let listed = app
        .psql_value(&format!(
            "SELECT string_agg(organization_id || ' ' || id, ' ' ORDER BY md5(id::text)) FROM
                 (SELECT * FROM orders WHERE deleted_at IS NULL ORDER BY md5(id::text) LIMIT {KEYS}) o"
        ))
        .await;
    let words: Vec<&str> = listed.split(' ').collect();
    let (orders, _) = words.as_chunks::<2>();
    assert_eq!(orders.len(), KEYS, "orders: SEED_ORDERS is less");
    let read = |[organization, id]: &[&str; 2]| {
        let authorization = format!("Bearer {}", app.token_of(&Caller::service(organization)));
        load::request("GET", &format!("/api/v1/orders/{id}"), &[("Authorization", &authorization)], b"")
    };
    orders.iter().map(read).collect()
}

/// A read: when it was sent, and what it has found.
struct Found {
    at: Duration,
    hit: bool,
    failed: bool,
}

struct Reads {
    sent: Vec<Vec<u8>>,
    next: AtomicUsize,
    begun: Instant,
    read: Mutex<Vec<Found>>,
}

impl Reads {
    /// Sends what is due, until nothing is left.
    async fn send(self: Arc<Self>, base: String) {
        let mut wire = Wire::connect(&base).await;
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(request) = self.sent.get(number) else { return };
            let due = Duration::from_micros(number as u64 * 1_000_000 / RATE);
            tokio::time::sleep_until(self.begun + due).await;
            let at = self.begun.elapsed();
            let reply = wire.send(request).await;
            if reply.is_none() {
                wire = Wire::connect(&base).await;
            }
            let hit = reply.as_ref().is_some_and(|reply| reply.head.contains("; hit"));
            let failed = reply.is_none_or(|reply| reply.status != 200);
            self.read.lock().expect("no sender panicked").push(Found { at, hit, failed });
        }
    }

    /// The part of the reads within a second from then on that were hits.
    fn ratio(&self, from: Duration) -> f64 {
        let read = self.read.lock().expect("no sender panicked");
        let within: Vec<_> = read.iter().filter(|one| one.at >= from && one.at < from + SECOND).collect();
        within.iter().filter(|one| one.hit).count() as f64 / within.len() as f64
    }
}

/// The statements that have loaded orders.
struct Queries {
    many: usize,
    one: usize,
}

impl Queries {
    async fn of(app: &App, before: &Statements) -> Self {
        let ran = app.statements().await.since(before);
        let count = |name: &str| ran.iter().filter(|text| text.contains(name)).count();
        Self { many: count("order_read_many("), one: count("order_get(") }
    }
}

fn tell(report: &mut Report, reads: &Reads, emptied: Duration, queries: &Queries, known: usize) {
    report.fact("warming: orders that are known to be hot", known as f64, "");
    report.fact("warming: hits in the second before Redis is emptied", reads.ratio(emptied - SECOND), "of reads");
    for second in 0..AFTER {
        let name = format!("warming: hits in second {} after it", second + 1);
        report.fact(&name, reads.ratio(emptied + SECOND * second as u32), "of reads");
    }
    let read = reads.read.lock().expect("no sender panicked");
    let misses = read.iter().filter(|one| one.at >= emptied && !one.hit).count();
    report.fact("warming: queries for many orders", queries.many as f64, "");
    report.fact("warming: queries for one", queries.one as f64, "");
    report.fact("warming: reads that weren't hits", misses as f64, "");
    report.fact("warming: reads that failed", read.iter().filter(|one| one.failed).count() as f64, "");
}
