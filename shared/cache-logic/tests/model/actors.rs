//! The actors: the real `read`, `write` and `renew`, run over scripted answers up to their next
//! call.

use crate::calls::{Call, End, KEYS, NARROW, OriginAway, PART, Reply, Scripted, TENANTS, names, names_of};
use cache_logic::certificate::Timing;
use cache_logic::entry::{OriginValue, Value};
use cache_logic::policy::{Limits, Policy};
use cache_logic::ports::Store;
use cache_logic::read::{EntrySpec, Outcome, Sight, certified, read};
use cache_logic::renew::renew;
use cache_logic::write::{Commit, EVERYTHING, Invalidation, NamedRun, settle, write};
use cache_logic::write_through::write_through;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Writer,
    /// Draws the number of its transaction some time before it commits.
    SlowWriter,
    /// Beside a second Redis, or a second Postgres: it reads which run is the named one.
    CarefulWriter,
    /// Changes more rows than are announced by name, of both tenants.
    JobWriter,
    /// Writes through to this entry.
    Putter(u8),
    /// Reads this entry.
    Reader(u8),
    /// Reads this entry, keeps the value by itself, and serves it by a later look.
    Keeper(u8),
    /// Reads the entity as a program of the release before tenants were named.
    OldReader,
    Checker,
}

impl Kind {
    /// A writer writes once.
    pub fn writes(self) -> bool {
        !matches!(self, Self::Reader(_) | Self::Keeper(_) | Self::OldReader | Self::Checker)
    }
}

/// The next step of an actor after the answers that it has had.
#[derive(Debug, Clone)]
pub enum Next {
    Asks(Call),
    Ends(End),
}

fn limits() -> Limits {
    Limits {
        max_entry_bytes: 1000,
        lease_hold: Duration::from_secs(1),
        // A reader that finds a lease held asks the origin at once: waiting only adds the same
        // states again.
        wait: Duration::ZERO,
        timing: Timing::from_millis(1000).unwrap(),
        outage_wait: Duration::from_secs(1),
        generation_ttl: Duration::from_secs(1),
    }
}

/// Runs the actor's code over the answers.
pub fn run(kind: Kind, replies: &[Reply]) -> Next {
    let ports = Scripted::new(replies, kind.writes(), kind == Kind::OldReader);
    let end = match kind {
        Kind::Writer => poll_once(writer(&ports, None, NamedRun::Never)),
        Kind::JobWriter => poll_once(job(&ports)),
        Kind::CarefulWriter => poll_once(async {
            match ports.ask(Call::ReadRun).await {
                Reply::Named(run, server, long) => {
                    let named_for = if long { limits().outage_wait } else { Duration::ZERO };
                    writer(&ports, None, NamedRun::Run { run: run.into(), server: server.into(), named_for }).await
                }
                _ => End::Other,
            }
        }),
        Kind::SlowWriter => poll_once(async {
            match ports.ask(Call::Begin).await {
                Reply::Begun(transaction) => writer(&ports, Some(transaction), NamedRun::Never).await,
                _ => End::Other,
            }
        }),
        Kind::Putter(key) => poll_once(putter(&ports, key)),
        Kind::Reader(key) => poll_once(reader(&ports, key)),
        Kind::Keeper(key) => poll_once(keeper(&ports, key)),
        Kind::OldReader => poll_once(reader(&ports, 0)),
        Kind::Checker => poll_once(async {
            renew(&ports, limits().timing).await;
            End::Other
        }),
    };
    match (end, ports.asked.take()) {
        (Some(end), _) => Next::Ends(end),
        // Without a lease nothing of what it loads is stored: nothing to judge.
        (None, Some(Call::Load)) if !replies.iter().any(|reply| matches!(reply, Reply::Granted(_))) => {
            Next::Ends(End::Other)
        }
        (None, asked) => Next::Asks(asked.expect("code that waits has asked for something")),
    }
}

async fn commit(ports: &Scripted<'_>, transaction: Option<u8>, named: NamedRun) -> Result<Commit<u8>, ()> {
    let locked = matches!(named, NamedRun::Run { .. });
    match ports.ask(Call::Commit { transaction, locked, many: false }).await {
        Reply::Version(version) => Ok(committed(version, names(NARROW), named)),
        _ => Err(()),
    }
}

fn committed(version: u8, tags: Vec<String>, named: NamedRun) -> Commit<u8> {
    Commit { value: version, xid: version.to_string(), tags, named }
}

async fn writer(ports: &Scripted<'_>, transaction: Option<u8>, named: NamedRun) -> End {
    match write(ports, &limits(), async || commit(ports, transaction, named).await).await {
        Ok((version, invalidation)) => acknowledge(ports, version, invalidation).await,
        Err(()) => End::Other,
    }
}

async fn job(ports: &Scripted<'_>) -> End {
    let commit = async || match ports.ask(Call::Commit { transaction: None, locked: false, many: true }).await {
        Reply::Version(version) => Ok(committed(version, names(TENANTS), NamedRun::Never)),
        Reply::Everything(version) => Ok(committed(version, vec![EVERYTHING.to_owned()], NamedRun::Never)),
        _ => Err(()),
    };
    match write(ports, &limits(), commit).await {
        Ok((version, invalidation)) => acknowledge(ports, version, invalidation).await,
        Err(()) => End::Other,
    }
}

async fn putter(ports: &Scripted<'_>, key: u8) -> End {
    let policy = Policy::with_ttl(Duration::from_secs(300)).unwrap();
    let entry = |version: &u8| Some(value(*version).into());
    let tags = names_of(key);
    match write_through(
        ports,
        &wanted(key, &tags, &policy),
        &limits(),
        async || commit(ports, None, NamedRun::Never).await,
        entry,
    )
    .await
    {
        Ok((version, invalidation, _)) => acknowledge(ports, version, invalidation).await,
        Err(()) => End::Other,
    }
}

async fn acknowledge(ports: &Scripted<'_>, version: u8, invalidation: Invalidation) -> End {
    ports.ask(Call::Acknowledge { version }).await;
    if let Invalidation::Done(settled) = invalidation {
        let _ = settle(ports, &settled).await;
    }
    End::Other
}

fn wanted<'a>(key: u8, tags: &'a [&'a str], policy: &'a Policy) -> EntrySpec<'a> {
    EntrySpec { key: KEYS[key as usize], tags, policy }
}

fn value(version: u8) -> Value {
    Value { payload: vec![version], etag: String::new(), owner: None }
}

async fn load(ports: &Scripted<'_>) -> Result<Option<OriginValue>, OriginAway> {
    match ports.ask(Call::Load).await {
        Reply::Loaded { version, server } => {
            let parts = names(1 << PART);
            Ok(Some(OriginValue { server: server.into(), parts, ..value(version).into() }))
        }
        _ => Err(OriginAway),
    }
}

/// Serves what it has kept if a look sees the epoch and the generations that it was read under.
async fn keeper(ports: &Scripted<'_>, key: u8) -> End {
    let policy = Policy::with_ttl(Duration::from_secs(300)).unwrap();
    let tags = names_of(key);
    let kept = read(ports, &wanted(key, &tags, &policy), &limits(), async || load(ports).await).await;
    let Ok(Some(read)) = kept else { return End::Other };
    let Ok(seen) = ports.look(&[KEYS[key as usize]], &tags).await else { return End::Other };
    let now = certified(&seen).map(|by| Sight { epoch: by.epoch, generations: seen.generations.clone() });
    let current = now.is_some_and(|now| now.generations.iter().all(Option::is_some) && read.sight == Some(now));
    if current { End::Hit(read.value.payload[0]) } else { End::Other }
}

async fn reader(ports: &Scripted<'_>, key: u8) -> End {
    let policy = Policy::with_ttl(Duration::from_secs(300)).unwrap();
    match read(ports, &wanted(key, &names_of(key), &policy), &limits(), async || load(ports).await).await {
        Ok(Some(read)) if matches!(read.outcome, Outcome::Hit { .. } | Outcome::Revalidated { .. }) => {
            End::Hit(read.value.payload[0])
        }
        _ => End::Other,
    }
}

fn poll_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}
