//! The question and the answer of a read.

use crate::protocol::certificate::{Certificate, Epoch, Generation, ServerId};
use crate::protocol::entry::{Encoding, Trailer, Value};
use crate::protocol::freshness::{Freshness, Millis};
use crate::protocol::policy::Policy;
use crate::protocol::ports::CacheFault;

/// The entry that a read wants.
#[derive(Debug, Clone, Copy)]
pub struct EntrySpec<'a> {
    /// Its key.
    pub key: &'a str,
    /// The tags that it depends on.
    pub tags: &'a [&'a str],
    /// How it is kept.
    pub policy: &'a Policy,
}

/// What a read looks at beside its entry, in the same look.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside<'a> {
    /// Tags that the entry doesn't depend on.
    pub tags: &'a [&'a str],
    /// Keys of values that aren't entries, such as counters.
    pub keys: &'a [&'a str],
}

/// What a look has seen beside entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeenBeside {
    /// The tags: those of the entries first. `None` if nothing can be shown to be current.
    pub sight: Option<Sight>,
    /// The values of the keys, in their order. Empty if Redis gave no answer.
    pub values: Vec<Option<Vec<u8>>>,
}

/// Why the cache was passed by. Every way has a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Bypass {
    /// Redis gave no answer.
    Fault(CacheFault),
    /// There is no certificate, and none could be set in time.
    NoCertificate,
    /// The database serves another cache.
    Misconfigured,
    /// The fill of somebody else took too long, or others were faster each time.
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
        /// How far it is in its life.
        freshness: Freshness,
        /// Milliseconds until its soft limit; 0 if it is past.
        ttl_ms: u64,
    },
    /// From the cache, and certified to be current, although one of its tags was announced: its
    /// parts stand. From now on it is a hit again.
    Revalidated {
        /// How far it is in its life.
        freshness: Freshness,
        /// Milliseconds until its soft limit; 0 if it is past.
        ttl_ms: u64,
    },
    /// From the origin.
    Miss {
        /// True if it was put into the cache. False if it was too large or Redis refused it.
        stored: bool,
    },
    /// From the origin, since the cache could not be used.
    Bypass(Bypass),
    /// From the cache, not certified, since the origin cannot be reached. This is the only answer
    /// that may be older than an acknowledged write.
    StaleIfError,
}

/// The generations of some tags under a certificate that counts.
///
/// A value that was read under it is current for as long as a later look sees the same: the epoch,
/// and a generation for each of its tags, all equal. So a program may keep a value by itself, and
/// prove it by a look that it makes anyway.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sight {
    /// The epoch of the certificate.
    pub epoch: Epoch,
    /// The generations, in the order of the tags; `None` for one that isn't there.
    pub generations: Vec<Option<Generation>>,
}

/// An answer, and the work that is due behind it.
#[derive(Debug, PartialEq, Eq)]
pub struct Read {
    /// The value to send.
    pub value: Value,
    /// How the payload is encoded. It differs from identity only on a hit whose policy packs.
    pub encoding: Encoding,
    /// The source of the value.
    pub outcome: Outcome,
    /// The certificate that the answer was judged by, if it is at half its life or past it: renew
    /// it behind the response.
    pub renew: Option<Certificate>,
    /// Set if the entry is near its end or past it: refresh it behind the response, with
    /// [`crate::read::refresh`].
    pub refresh: Option<Refresh>,
    /// The tags that were looked at: for a hit as the look saw them, for a miss those of the entry
    /// as they were before the load. `None` if the value can't be shown to be current later on.
    pub sight: Option<Sight>,
    /// The values of the keys in [`Beside`], in their order, whatever became of the entry. Empty if
    /// Redis gave no answer.
    pub values: Vec<Option<Vec<u8>>>,
    /// The waits and loads of this read, for statistics.
    pub trace: ReadTrace,
}

/// The waits and loads that a read met.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReadTrace {
    /// Milliseconds that it waited for the fill or the renewal of somebody else.
    pub waited_ms: Millis,
    /// True if it found an entry that cannot be read.
    pub damaged: bool,
}

impl Read {
    /// An answer behind which nothing is due.
    pub(crate) fn of(value: Value, outcome: Outcome) -> Self {
        let (trace, values) = (ReadTrace::default(), Vec::new());
        Self { value, encoding: Encoding::Identity, outcome, renew: None, refresh: None, sight: None, values, trace }
    }

    /// Takes what was seen beside the entry.
    pub fn take_beside(&mut self) -> SeenBeside {
        SeenBeside { sight: self.sight.take(), values: std::mem::take(&mut self.values) }
    }
}

/// An entry that is due for a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Refresh {
    /// The fill that was served: a refresher that finds another one is late.
    pub(crate) fill: u128,
    /// Of the certificate that it was served under.
    pub(crate) epoch: u128,
    pub(crate) server: ServerId,
}

impl Refresh {
    pub(crate) fn of(trailer: &Trailer, freshness: Freshness, certificate: &Certificate) -> Option<Self> {
        let Certificate { epoch, server, .. } = *certificate;
        (freshness != Freshness::Fresh).then_some(Self { fill: trailer.fill, epoch, server })
    }
}
