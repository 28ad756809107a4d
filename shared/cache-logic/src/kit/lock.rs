//! A lock that several instances take, with an owner and a fencing number.
//!
//! A lock with a time limit cannot promise that its holder is alone. A slow holder (a pause, a lost
//! connection) goes on after the limit while the next one has begun. So the guarded resource must
//! see for itself which holder is late. Each acquisition gets a *fencing number* greater than all
//! before it. The resource keeps the greatest number that it has seen and refuses smaller ones (M.
//! Kleppmann, "How to do distributed locking", 2016). In SQL that is `update ... set fence = $1
//! where id = $2 and fence <= $1`.
//!
//! If Redis loses its data the locks are lost, too, so two holders may have the same name. The
//! numbers go on rising, since they are never below Redis' clock: the later holder still has the
//! greater one, as long as that clock does not step back. So with the fence checked at the resource
//! nothing is done out of turn. Without it the lock only saves double work.
//!
//! ```
//! use cache_logic::lock::{Acquisition, acquire};
//! use cache_logic::memory::{Memory, run};
//! use std::time::Duration;
//!
//! let ports = Memory::default(); // in an app: over Redis
//! let (hold, wait) = (Duration::from_secs(30), Duration::from_millis(100));
//! let take = || run(acquire(&ports, "report", hold, wait));
//! let Ok(Acquisition::Held(report)) = take() else { panic!("it is free") };
//! assert_eq!(take(), Ok(Acquisition::Busy));
//! // ... the work; `report.fence` goes along with every write
//! let first = report.fence;
//! assert_eq!(run(report.release(&ports)), Ok(true));
//! let Ok(Acquisition::Held(next)) = take() else { panic!("it is free") };
//! assert!(next.fence > first);
//! ```

use crate::protocol::freshness::{Millis, poll_pause_ms};
use crate::protocol::ports::{CacheFault, Clock};
use std::time::Duration;

/// A fencing number: greater than that of every earlier holder, of any lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fence(pub u64);

/// The port of a lock to Redis; each method is one script.
#[allow(async_fn_in_trait)] // As for the other ports: components run on one thread.
pub trait Locks {
    /// Takes the lock of that name for `owner`, a random number, unless somebody has it. It ends by
    /// itself after `hold`. The fence is greater than any given before, even if the lock ran out or
    /// Redis lost its data.
    async fn take(&self, name: &str, owner: u128, hold: Duration) -> Result<Option<Fence>, CacheFault>;

    /// Extends the lock to `hold` from now, if `owner` still has it. False if it does not.
    async fn extend(&self, name: &str, owner: u128, hold: Duration) -> Result<bool, CacheFault>;

    /// Gives the lock back, if `owner` still has it. False if it does not.
    async fn give_back(&self, name: &str, owner: u128) -> Result<bool, CacheFault>;
}

/// How an attempt to take a lock ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Acquisition {
    /// The caller holds it.
    Held(Lock),
    /// Somebody else held it all the time.
    Busy,
}

/// A lock that the caller holds. Dropped without [`Lock::release`] it stays taken until its time is
/// up.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a lock that nobody gives back is held until its time is up"]
pub struct Lock {
    name: String,
    owner: u128,
    /// Goes along with every write to the guarded resource.
    pub fence: Fence,
    until: Millis,
}

/// Takes a lock, and waits for it up to `wait`.
///
/// # Errors
/// Redis gave no answer. Then it is unknown whether the lock is taken; if so it ends by itself.
pub async fn acquire<P: Locks + Clock>(
    ports: &P,
    name: &str,
    hold: Duration,
    wait: Duration,
) -> Result<Acquisition, CacheFault> {
    let (begun, owner) = (ports.monotonic(), ports.token());
    let mut attempt = 0;
    loop {
        // The time before the call: the moment at which Redis began to count cannot be known
        // better.
        let asked = ports.monotonic();
        if let Some(fence) = ports.take(name, owner, hold).await? {
            return Ok(Acquisition::Held(Lock { name: name.to_owned(), owner, fence, until: end(asked, hold) }));
        }
        let left = wait.saturating_sub(Duration::from_millis(ports.monotonic().saturating_sub(begun)));
        if left.is_zero() {
            return Ok(Acquisition::Busy);
        }
        ports.sleep(Duration::from_millis(poll_pause_ms(attempt, ports.draw())).min(left)).await;
        attempt += 1;
    }
}

/// A tenth earlier than Redis drops it, since clocks run at different speeds.
fn end(asked: Millis, hold: Duration) -> Millis {
    asked + (hold - hold / 10).as_millis() as u64
}

impl Lock {
    /// The time left at `now` (monotonic), by this program's own clock. With nothing left, extend
    /// it or stop.
    pub fn left(&self, now: Millis) -> Duration {
        Duration::from_millis(self.until.saturating_sub(now))
    }

    /// Begins its time anew. False if it has run out meanwhile: then somebody else may be at work,
    /// and it cannot be had back.
    ///
    /// # Errors
    /// Redis gave no answer; the lock lasts as long as it did.
    pub async fn extend<P: Locks + Clock>(&mut self, ports: &P, hold: Duration) -> Result<bool, CacheFault> {
        let asked = ports.monotonic();
        let extended = ports.extend(&self.name, self.owner, hold).await?;
        self.until = if extended { end(asked, hold) } else { 0 };
        Ok(extended)
    }

    /// Gives it back. False if it had run out: somebody else may have been at work at the same
    /// time.
    ///
    /// # Errors
    /// Redis gave no answer; the lock ends by itself.
    pub async fn release<P: Locks>(self, ports: &P) -> Result<bool, CacheFault> {
        ports.give_back(&self.name, self.owner).await
    }
}
