//! Settings that a hit doesn't need. They are read at an instance's first miss or write, since each
//! variable costs as much as a hit, and most instances only answer hits.

use std::future::Future;
use std::pin::Pin;
use std::sync::LazyLock;
use std::time::Duration;

use cache_logic::certificate::Timing;
use cache_logic::loads::LoadBounds;
use cache_logic::origin::OriginFault;
use cache_logic::policy::Limits;

/// How entries are loaded and kept, and how Postgres is asked.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// The limits of the cache protocol.
    pub limits: Limits,
    /// How long one statement may take.
    pub postgres_timeout: Duration,
    /// How long Postgres is left alone after it gave no answer.
    pub postgres_rest: Duration,
    /// How long a connection is kept at most by an instance that asks again and again; zero: no
    /// longer than its statement.
    pub postgres_keep: Duration,
    /// How many loads of cached answers there may be in one instance.
    pub loads: LoadBounds,
    /// The part of the hits that renew a certificate that is compared with Postgres behind the
    /// answer: 0 is none, 1 is each.
    pub compared: f64,
    /// How long entries may stand in after the last certificate, while Postgres is away; zero:
    /// never.
    pub stale_if_error: Duration,
}

/// Gives the terms of this instance, or says which setting is wrong; the same each time.
pub type TermsSource = fn() -> Pin<Box<dyn Future<Output = Result<&'static Terms, OriginFault>>>>;

/// The terms of an app that has no settings for them: a certificate of a second, and entries of a
/// megabyte at most. A statement has two seconds, and a Postgres that gave no answer rests for one.
/// Entries stand in for it for an hour. Eight loads run at once, and 200 may wait.
pub fn usual() -> Pin<Box<dyn Future<Output = Result<&'static Terms, OriginFault>>>> {
    Box::pin(std::future::ready(USUAL.as_ref().map_err(|wrong| OriginFault::Misconfigured { detail: wrong.clone() })))
}

static USUAL: LazyLock<Result<Terms, String>> = LazyLock::new(|| {
    let timing = Timing::default();
    Ok(Terms {
        limits: Limits::with_millis(timing.total().as_millis() as u64)?,
        postgres_timeout: Duration::from_secs(2),
        postgres_rest: Duration::from_secs(1),
        postgres_keep: Duration::from_millis(100),
        loads: LoadBounds { at_once: 8, waiting: 200 },
        compared: 0.0,
        stale_if_error: Duration::from_secs(3600),
    })
});
