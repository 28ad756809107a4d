//! A rehearsal of a release: components of the release before, whose entries don't depend on their
//! tenants, serve beside new ones, while orders change in every way. Tenants are named too early,
//! and the release is taken back. No read of either is older than what was acknowledged to anybody,
//! or than what another program committed a second before.
//!
//! Both kinds run the protocol natively, on a real Redis and on the product's own database.

use cache_logic::certificate::{Certificate, ClaimToken, Coverage, Generation, RunId, ServerId, Timing};
use cache_logic::entry::{OriginValue, Value};
use cache_logic::policy::{Limits, Policy};
use cache_logic::ports::{
    CacheFault, Clock, Fill, Known, Lease, Ledger, OriginError, OutboxState, Registry, RenewalClaim, Snapshot, Store,
};
use cache_logic::read::{EntrySpec, Outcome, read};
use cache_logic::renew::renew;
use cache_logic::write::{Commit, NamedRun, settle, write};
use contract_tests::Native;
use kit::database::Database;
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};
use tokio_postgres::Client;

const ORG: &str = "aaaaaaaa-0000-7000-8000-000000000001";
const CUSTOMER: &str = "bbbbbbbb-0000-7000-8000-000000000001";
const CACHE: &str = "redis://rehearsal";
/// The one server of Postgres, as new components know it.
const SERVER: ServerId = 1;

fn limits() -> Limits {
    Limits {
        max_entry_bytes: 100_000,
        lease_hold: Duration::from_secs(2),
        wait: Duration::from_millis(200),
        timing: Timing::default(),
        outage_wait: Timing::default().outage_wait(),
        generation_ttl: Duration::from_secs(600),
    }
}

#[derive(Debug)]
struct Away;

impl OriginError for Away {
    fn unreachable(&self) -> bool {
        false
    }
}

/// A component of either release.
struct Component {
    redis: Native,
    sql: Client,
    /// Of the release before: it knows nothing of tenants, nor of servers.
    old: bool,
    hits: Cell<u32>,
}

impl Component {
    async fn start(db: &Database, prefix: &str, old: bool) -> Self {
        let url = std::env::var("REDIS_URL").expect("REDIS_URL names a Redis: scripts/services.sh starts one");
        Self { redis: Native::connect(&url, prefix).await, sql: db.connect().await, old, hits: Cell::new(0) }
    }

    /// The number that an order's notes hold.
    async fn number(&self, order: &str) -> i64 {
        let own = format!("order:{ORG}/{order}");
        let tenant = format!("tenant:{ORG}");
        let tags = [own.as_str(), tenant.as_str()];
        let tags = if self.old { &tags[..1] } else { &tags[..] };
        let policy = Policy::with_ttl(Duration::from_secs(300)).expect("a policy");
        let wanted = EntrySpec { key: &own, tags, policy: &policy };
        let load = async || {
            let statement = format!("SELECT body FROM order_get('{ORG}', '{order}')");
            let row = self.sql.query_one(&statement, &[]).await.map_err(|_| Away)?;
            let value = Value::of_bytes(row.get::<_, String>(0).into_bytes());
            Ok::<_, Away>(Some(OriginValue { server: if self.old { 0 } else { SERVER }, ..value.into() }))
        };
        let read = read(self, &wanted, &limits(), load).await.expect("Postgres answers").expect("the order");
        if read.renew.is_some() {
            renew(self, Timing::default()).await;
        }
        self.hits.set(self.hits.get() + u32::from(matches!(read.outcome, Outcome::Hit { .. })));
        let text = String::from_utf8(read.value.payload).expect("JSON");
        let notes = text.split("\"notes\":\"").nth(1).and_then(|rest| rest.split('"').next());
        notes.and_then(|notes| notes.parse().ok()).unwrap_or_else(|| panic!("no number in {text}"))
    }

    /// Changes an order. The release before calls with the parameters that it knew.
    async fn patch(&self, order: &str, number: i64) {
        let call = format!("order_patch('{ORG}', '{order}', NULL, NULL, NULL, '{{}}', true, '{number}', NULL, false)");
        let statement = match self.old {
            true => format!("SELECT xid, tags FROM {call}"),
            false => format!("SELECT f.xid, f.tags, w.run, w.named_ms FROM {call} AS f, cache_written('{CACHE}') AS w"),
        };
        let commit = async || {
            let row = self.sql.query_one(&statement, &[]).await.map_err(|_| Away)?;
            let named = match self.old.then_some(String::new()).or_else(|| row.get("run")).as_deref() {
                None => NamedRun::Unknown,
                Some("") => NamedRun::Never,
                Some(run) => NamedRun::Run {
                    run: RunId::from_str_radix(run, 16).expect("a run"),
                    server: SERVER,
                    named_for: Duration::from_millis(row.get::<_, i64>("named_ms").unsigned_abs()),
                },
            };
            Ok::<_, Away>(Commit { value: (), xid: row.get("xid"), tags: row.get("tags"), named })
        };
        let ((), invalidation) = write(self, &limits(), commit).await.expect("Postgres answers");
        if let cache_logic::write::Invalidation::Done(settled) = invalidation {
            settle(self, &settled).await.expect("Postgres answers");
        }
    }

    /// The certificate as this release reads it.
    fn understood(&self, certificate: Option<Certificate>) -> Option<Certificate> {
        match certificate {
            Some(certificate) if self.old => {
                (certificate.coverage == Coverage::Every).then_some(Certificate { server: 0, ..certificate })
            }
            certificate => certificate,
        }
    }
}

impl Ledger for Component {
    type Error = Away;

    async fn pending(&self, claim: &RenewalClaim) -> Result<OutboxState, Away> {
        let (run, record) = (format!("{:032x}", claim.run), claim.record.clone().unwrap_or_default());
        let known = if self.old { "" } else { ", 2" };
        let statement = format!("SELECT * FROM cache_renew('{CACHE}', $1, $2, $3{known})");
        let row = self.sql.query_one(&statement, &[&run, &record, &claim.replication]).await.map_err(|_| Away)?;
        match row.get("outcome") {
            "ok" => {}
            "mismatch" => return Ok(OutboxState::Mismatch),
            _ => return Ok(OutboxState::Withheld),
        }
        let coverage = match self.old {
            true => Coverage::Every,
            false => Coverage::of_number(row.get::<_, i32>("coverage").into()).expect("a coverage"),
        };
        let epoch: String = row.get("epoch");
        let epoch = u128::from_str_radix(&epoch.replace('-', ""), 16).expect("a UUID");
        // What new components take for the server is half of a token there.
        let server = if self.old { self.token() as ServerId } else { SERVER };
        let (record, ids, tags) = (row.get("record"), row.get("ids"), row.get("tags"));
        Ok(OutboxState::Rows { epoch, server, coverage, record, ids, tags })
    }

    async fn forget(&self, ids: &[i64]) -> Result<(), Away> {
        self.sql.execute("SELECT cache_forget($1)", &[&ids]).await.map(drop).map_err(|_| Away)
    }

    async fn forget_transaction(&self, xid: &str, tags: &[String]) -> Result<(), Away> {
        let run = format!("{:032x}", self.redis.look(&[], &[]).await.map_err(|_| Away)?.run);
        let statement = match self.old {
            true => format!("SELECT cache_forget_transaction($1, $2, '{CACHE}', $3)"),
            false => format!(
                "SELECT cache_forget_transactions(
                    array_fill(cache_server() || ' ' || $1::text, ARRAY[cardinality($2::text[])]), $2, '{CACHE}', $3)"
            ),
        };
        self.sql.execute(&statement, &[&xid, &tags, &run]).await.map(drop).map_err(|_| Away)
    }
}

impl Store for Component {
    async fn look(&self, keys: &[&str], tags: &[&str]) -> Result<Snapshot, CacheFault> {
        let seen = self.redis.look(keys, tags).await?;
        Ok(Snapshot { certificate: self.understood(seen.certificate), ..seen })
    }

    async fn lease(
        &self,
        key: &str,
        known: Known,
        tags: &[&str],
        holder: u128,
        hold: Duration,
    ) -> Result<Lease, CacheFault> {
        self.redis.lease(key, known, tags, holder, hold).await
    }

    async fn restamp(&self, key: &str, fill: u128, bytes: Vec<u8>) -> Result<(), CacheFault> {
        self.redis.restamp(key, fill, bytes).await
    }

    async fn generations(&self, tags: &[&str], candidate: u128) -> Result<Vec<Generation>, CacheFault> {
        self.redis.generations(tags, candidate).await
    }

    async fn fill(&self, fills: &[Fill<'_>], holder: Option<u128>) -> Result<(), CacheFault> {
        self.redis.fill(fills, holder).await
    }

    async fn release(&self, key: &str, holder: u128) -> Result<(), CacheFault> {
        self.redis.release(key, holder).await
    }

    async fn discard(&self, keys: &[&str]) -> Result<(), CacheFault> {
        self.redis.discard(keys).await
    }
}

impl Registry for Component {
    async fn invalidate(&self, tags: &[&str]) -> Result<RunId, CacheFault> {
        self.redis.invalidate(tags).await
    }

    async fn claim(&self, token: ClaimToken, hold: Duration) -> Result<Option<RenewalClaim>, CacheFault> {
        self.redis.claim(token, hold).await
    }

    async fn abandon(&self, token: ClaimToken) -> Result<(), CacheFault> {
        self.redis.abandon(token).await
    }

    async fn certify(&self, certificate: &Certificate, record: &str, timing: Timing) -> Result<bool, CacheFault> {
        self.redis.certify(certificate, record, timing).await
    }

    async fn last_certificate(&self) -> Result<Option<Certificate>, CacheFault> {
        Ok(self.understood(self.redis.last_certificate().await?))
    }
}

impl Clock for Component {
    fn now(&self) -> u64 {
        self.redis.now()
    }

    fn monotonic(&self) -> u64 {
        self.redis.monotonic()
    }

    async fn sleep(&self, duration: Duration) {
        self.redis.sleep(duration).await;
    }

    fn draw(&self) -> f64 {
        self.redis.draw()
    }

    fn token(&self) -> u128 {
        self.redis.token()
    }
}

/// What a read of each order must show at least.
#[derive(Default)]
struct Promised {
    acknowledged: [Cell<i64>; ORDERS],
    /// Numbers that another program gave all orders, and when.
    committed: RefCell<Vec<(Instant, i64)>>,
    over: Cell<bool>,
}

const ORDERS: usize = 3;

impl Promised {
    fn floor(&self, order: usize) -> i64 {
        let committed = self.committed.borrow();
        let seen = committed.iter().filter(|(at, _)| at.elapsed() > Duration::from_secs(1)).map(|(_, number)| *number);
        seen.chain([self.acknowledged[order].get()]).max().unwrap_or_default()
    }

    /// Reads these orders until it is over.
    async fn hold(&self, component: &Component, orders: &[String; ORDERS], which: [usize; 2]) {
        while !self.over.get() {
            for order in which {
                let floor = self.floor(order);
                let shown = component.number(&orders[order]).await;
                let release = if component.old { "the release before" } else { "the new release" };
                assert!(shown >= floor, "{release} shows {shown} of order {order} after {floor}");
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
        }
    }
}

#[tokio::test]
async fn no_read_of_either_release_is_old_in_either_order_of_steps_and_on_the_way_back() {
    let db = Database::empty().await;
    database::migrate(db.config(), &database::Options::default(), &|_| {}).await.expect("the schema");
    db.run(include_str!("../../db/fixture.sql")).await;
    // More than are announced by name.
    db.run(&format!(
        "INSERT INTO orders (organization_id, customer_id, currency, total_amount, notes)
         SELECT '{ORG}', '{CUSTOMER}', 'EUR', 0, '0' FROM generate_series(1, 300)"
    ))
    .await;
    let orders = db.client.query("SELECT id::text FROM orders ORDER BY id LIMIT 3", &[]).await.expect("orders");
    let orders: [String; ORDERS] = std::array::from_fn(|at| orders[at].get(0));
    let prefix = format!("releases-{}:", uuid::Uuid::new_v4());
    let (old, new) = (Component::start(&db, &prefix, true).await, Component::start(&db, &prefix, false).await);
    let promised = Promised::default();
    let number = Cell::new(0);
    let changes = async || {
        let begun = [old.hits.get(), new.hits.get()];
        for round in 0..12 {
            number.set(number.get() + 1);
            let (order, next) = (round / 3 % ORDERS, number.get());
            match round % 3 {
                0 => new.patch(&orders[order], next).await,
                1 => old.patch(&orders[order], next).await,
                _ => db.run(&format!("UPDATE orders SET notes = '{next}'")).await,
            }
            match round % 3 {
                2 => promised.committed.borrow_mut().push((Instant::now(), next)),
                _ => promised.acknowledged[order].set(next),
            }
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
        [old.hits.get() - begun[0], new.hits.get() - begun[1]]
    };
    let rehearsal = async {
        // As the runner leaves a database that the release before has served.
        db.run("SELECT cache_name_tenants(false)").await;
        let [of_old, of_new] = changes().await;
        // The old ones have hits under every certificate, the new ones only under their own.
        assert!(of_old > 20, "side by side, the old ones are cached: {of_old} and {of_new} hits");
        // Too early: components of the release before still serve.
        db.run("SELECT cache_name_tenants(true)").await;
        tokio::time::sleep(Timing::default().outage_wait()).await;
        let [of_old, of_new] = changes().await;
        assert!(of_old == 0 && of_new > 20, "the old ones are not cached: {of_old} and {of_new} hits");
        // Back to the release before.
        db.run("SELECT cache_name_tenants(false)").await;
        let [of_old, of_new] = changes().await;
        assert!(of_old > 20, "the old ones are cached again: {of_old} and {of_new} hits");
        promised.over.set(true);
    };
    // Each kind reads an order of its own, and both read the third.
    tokio::join!(rehearsal, promised.hold(&old, &orders, [0, 2]), promised.hold(&new, &orders, [1, 2]));
}
