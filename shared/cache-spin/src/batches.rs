//! Counts of this instance, and their way to the sums of all instances.
//!
//! No request waits for a count to be sent. The first count spawns a task behind the response.
//! The task waits until the instance is quiet, or has gathered for long enough; then it adds
//! everything to Redis by one script. Spin keeps an instance while such a task runs, also past its
//! last request. So nothing is lost when instances are replaced; and a task should end soon, lest
//! instances pile up.
//!
//! Counts are lost if the server is stopped or an instance traps before they are sent, and if Redis
//! is away for longer than its retries last.

use crate::clock::{name, now_millis, request_millis, sleep};
use crate::log::{self, Level};
use cache_logic::ports::CacheFault;
use spin_sdk::wasip3::spawn;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::time::Duration;

/// The parts, in sixteenths, in which the gathering time is waited out. At the end of each a quiet
/// instance sends its counts and may end: after a burst many have had but a few requests. Each part
/// costs a timer, a tenth of a cached read, so they are few.
const PARTS: [u32; 3] = [3, 5, 8];

/// An instance counts as quiet when no request has come for so many sixteenths.
const QUIET: u32 = 2;

/// How often a batch is sent once more, while the cache is away, before it waits for the next
/// count.
const RETRIES: u32 = 3;

/// How long Redis remembers a batch: longer than its retries take.
pub(crate) const MARK_LIFE: Duration = Duration::from_secs(60);

/// Counts that are sent at once, under a name by which Redis recognises them if they come twice.
pub(crate) struct Batch<C> {
    name: u128,
    pub(crate) counted: C,
}

impl<C> Batch<C> {
    /// The key by which Redis recognises it, below that of the counts.
    pub(crate) fn mark(&self, key: &str) -> String {
        format!("{key}:batch:{:032x}", self.name)
    }
}

/// Where the counts of one kind go.
pub(crate) trait Sums: 'static {
    /// The counts.
    type Counts: 'static;

    /// The event in the log, and its message, if Redis refuses a batch.
    const REFUSED: (&'static str, &'static str);

    /// Takes all counts, and begins anew. `None` if nothing was counted.
    fn drain(&self, counts: &mut Self::Counts) -> Option<Self::Counts>;

    /// Adds a batch, once, however often it is sent.
    ///
    /// # Errors
    /// Why Redis gave no answer, or refused it.
    fn add(&self, batch: &Batch<Self::Counts>) -> impl Future<Output = Result<(), CacheFault>>;
}

/// The counts of one kind that this instance has gathered.
pub(crate) struct Batches<S: Sums> {
    pub(crate) sums: S,
    counted: RefCell<S::Counts>,
    /// How long they are gathered.
    gather: Duration,
    /// How long Redis is left alone after it gave no answer. `None`: it isn't the cache's, so there
    /// are as many requests as ever, and nobody may wait for it.
    rest: Option<Duration>,
    /// Whether something was counted since the last batch.
    counting: Cell<bool>,
    /// Whether a task is there that will send the counts.
    pending: Cell<bool>,
    /// A batch that was sent without an answer. It may have been added, so it is sent again as it
    /// was.
    unanswered: RefCell<Option<Batch<S::Counts>>>,
    warned: Cell<bool>,
}

impl<S: Sums> Batches<S> {
    /// Nothing gathered yet; `counted` says so.
    pub(crate) fn new(sums: S, counted: S::Counts, gather: Duration, rest: Option<Duration>) -> Self {
        Self {
            sums,
            counted: RefCell::new(counted),
            gather,
            rest,
            counting: Cell::new(false),
            pending: Cell::new(false),
            unanswered: RefCell::new(None),
            warned: Cell::new(false),
        }
    }

    /// Counts something. The count is sent behind the response.
    pub(crate) fn count(&'static self, record: impl FnOnce(&mut S::Counts)) {
        record(&mut self.counted.borrow_mut());
        self.counting.set(true);
        if !self.pending.replace(true) {
            spawn(self.send_gathered());
        }
    }

    /// Looks at what no batch has taken yet.
    pub(crate) fn unsent<T>(&self, look: impl FnOnce(&S::Counts) -> T) -> T {
        look(&self.counted.borrow())
    }

    /// Returns when the instance is quiet, or when the gathering time is over. The clock says how
    /// long it has been quiet, so a part that began with an instance's last request isn't followed
    /// by another.
    async fn gathered(&self) {
        let quiet = (self.gather / 16 * QUIET).as_millis() as u64;
        for part in PARTS {
            sleep(self.gather / 16 * part).await;
            if now_millis().saturating_sub(request_millis()) >= quiet {
                return;
            }
        }
    }

    fn next_batch(&self) -> Option<Batch<S::Counts>> {
        let unanswered = self.unanswered.take();
        unanswered.or_else(|| {
            self.counting.set(false);
            let counted = self.sums.drain(&mut self.counted.borrow_mut())?;
            Some(Batch { name: name(), counted })
        })
    }

    /// The task behind a response: one at a time.
    async fn send_gathered(&'static self) {
        let mut failures = 0;
        while failures <= RETRIES {
            self.gathered().await;
            let Some(batch) = self.next_batch() else { break };
            match self.sums.add(&batch).await {
                // The next count has a task of its own: waiting for it here would cost a timer.
                Ok(()) if !self.counting.get() => break,
                Ok(()) => failures = 0,
                Err(fault) => {
                    self.unanswered.replace(Some(batch));
                    failures += 1;
                    // It is tried again with the next count: at full load nobody may wait here.
                    let Some(rest) = self.rest.filter(|_| !self.is_refusal(&fault)) else { break };
                    // While the cache is away there are fewer requests than usual, so instances may
                    // stay a little longer to send it.
                    sleep(self.gather.max(rest)).await;
                }
            }
        }
        self.pending.set(false);
    }

    /// Whether Redis has answered and refuses the batch, which the log is told of once.
    fn is_refusal(&self, fault: &CacheFault) -> bool {
        let CacheFault::Protocol(why) = fault else { return false };
        if !self.warned.replace(true) {
            let (event, message) = S::REFUSED;
            log::say(Level::Warn, event, format_args!("{message}: {why}"));
        }
        true
    }
}
