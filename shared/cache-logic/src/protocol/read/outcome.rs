//! What a read is asked for, and what it says.

use crate::protocol::certificate::Certificate;
use crate::protocol::entry::{Encoding, Trailer, Value};
use crate::protocol::freshness::{Freshness, Millis};
use crate::protocol::policy::Policy;
use crate::protocol::ports::CacheFault;

/// Which entry is wanted.
#[derive(Debug, Clone, Copy)]
pub struct EntrySpec<'a> {
    /// Its key.
    pub key: &'a str,
    /// What it depends on.
    pub tags: &'a [&'a str],
    /// How it is kept.
    pub policy: &'a Policy,
}

/// Why the cache was passed by. Every way has a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Bypass {
    /// Redis gave no answer.
    Fault(CacheFault),
    /// There is no certificate, and none could be had in time.
    NoCertificate,
    /// This database serves another cache.
    Misconfigured,
    /// Somebody else's fill took too long, or others were faster each time.
    Waited,
    /// Caching is switched off by the configuration.
    Off,
}

impl Bypass {
    /// A short stable name, for Cache-Status and counters.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Fault(fault) => fault.name(),
            Self::NoCertificate => "no-certificate",
            Self::Misconfigured => "misconfigured",
            Self::Waited => "fill-wait",
            Self::Off => "off",
        }
    }
}

/// How an answer came about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// From the cache, and certified to be current.
    Hit {
        /// How it stands in its life.
        freshness: Freshness,
        /// Milliseconds until its soft limit; 0 where it is past.
        ttl_ms: u64,
    },
    /// From the origin; `stored` where it was put into the cache.
    Miss {
        /// False where it was too large or Redis refused it.
        stored: bool,
    },
    /// From the origin, the cache not used.
    Bypass(Bypass),
    /// From the cache, not certified: the origin can't be reached. The only answer that may be older than an acknowledged write.
    StaleIfError,
}

/// An answer, and what is to be done behind it.
#[derive(Debug, PartialEq, Eq)]
pub struct Read {
    /// What to send.
    pub value: Value,
    /// How the payload is encoded: other than identity only on a hit whose policy packs.
    pub encoding: Encoding,
    /// Where it came from.
    pub outcome: Outcome,
    /// The certificate that it was judged by, if it is at half its life or over: renew it behind the response.
    pub renew: Option<Certificate>,
    /// The entry is near its end or past it: make it anew behind the response, with [`crate::read::refresh`].
    pub refresh: Option<Refresh>,
    /// What happened on the way, for statistics.
    pub course: ReadTrace,
}

/// What a read met on its way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReadTrace {
    /// Milliseconds that it waited for somebody else's fill or renewal.
    pub waited_ms: Millis,
    /// An entry was found that can't be read.
    pub damaged: bool,
}

impl Read {
    /// An answer behind which nothing is to be done.
    pub(crate) fn of(value: Value, outcome: Outcome) -> Self {
        Self { value, encoding: Encoding::Identity, outcome, renew: None, refresh: None, course: ReadTrace::default() }
    }
}

/// An entry to be made anew behind the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Refresh {
    /// The fill that was served: whoever finds another one is late.
    pub(crate) fill: u128,
    /// The epoch of the certificate that it was served under.
    pub(crate) epoch: u128,
}

impl Refresh {
    pub(crate) fn of(trailer: &Trailer, freshness: Freshness, epoch: u128) -> Option<Self> {
        (freshness != Freshness::Fresh).then_some(Self { fill: trailer.fill, epoch })
    }
}
