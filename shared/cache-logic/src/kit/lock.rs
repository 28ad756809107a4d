//! A lock that several instances take, with an owner and a fencing number.
//!
//! A lock with a time limit can't promise that its holder is alone: whoever is slow (a pause, a lost connection) goes on after the limit
//! while the next one has begun. What is guarded must therefore see for itself who is late: each acquisition gets a *fencing number*
//! greater than all before it; the resource keeps the greatest it has seen and refuses smaller ones (M. Kleppmann, "How to do
//! distributed locking", 2016). In SQL that is `update ... set fence = $1 where id = $2 and fence <= $1`.
//!
//! What a loss of Redis means: the locks are gone with it, so two may hold the same name. The numbers go on rising, since they are never
//! below Redis' clock: the later holder still has the greater one, as long as that clock doesn't step back. So with the fence checked at
//! the resource nothing is done out of turn; without it the lock only saves double work.
//!
//! ```
//! use cache_logic::lock::{Acquisition, acquire};
//! use cache_logic::memory::{Memory, run};
//! use std::time::Duration;
//!
//! let ports = Memory::default(); // in an app: over Redis
//! let (hold, wait) = (Duration::from_secs(30), Duration::from_millis(100));
//! let Ok(Acquisition::Held(report)) = run(acquire(&ports, "report", hold, wait)) else { panic!("it is free") };
//! assert_eq!(run(acquire(&ports, "report", hold, wait)), Ok(Acquisition::Busy));
//! // ... the work; `report.fence` goes along with every write
//! let first = report.fence;
//! assert_eq!(run(report.release(&ports)), Ok(true));
//! let Ok(Acquisition::Held(next)) = run(acquire(&ports, "report", hold, wait)) else { panic!("it is free") };
//! assert!(next.fence > first);
//! ```

use crate::protocol::freshness::{Millis, poll_pause_ms};
use crate::protocol::ports::{CacheFault, Clock};
use std::time::Duration;

/// A fencing number: greater than that of every earlier holder, of any lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fence(pub u64);

/// What a lock asks of Redis; each is one script.
#[allow(async_fn_in_trait)] // As for the other ports: components run on one thread.
pub trait Locks {
    /// Takes the lock of that name for `owner`, who is random, unless somebody has it. It ends by itself after `hold`. The fence is
    /// greater than any given before, even where the lock ran out, or Redis lost what it knew.
    async fn take(&self, name: &str, owner: u128, hold: Duration) -> Result<Option<Fence>, CacheFault>;

    /// Lets it last for another `hold` from now, if `owner` still has it. False where it doesn't.
    async fn extend(&self, name: &str, owner: u128, hold: Duration) -> Result<bool, CacheFault>;

    /// Gives it back, if `owner` still has it. False where it doesn't.
    async fn give_back(&self, name: &str, owner: u128) -> Result<bool, CacheFault>;
}

/// How an attempt ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Acquisition {
    /// It is ours.
    Held(Lock),
    /// Somebody else had it all the time.
    Busy,
}

/// A lock that was taken. Dropped without [`Lock::release`] it stays taken until its time is up.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a lock that nobody gives back is held until its time is up"]
pub struct Lock {
    name: String,
    owner: u128,
    /// Goes along with every write to what is guarded.
    pub fence: Fence,
    until: Millis,
}

/// Takes a lock, and waits for it up to `wait`.
///
/// # Errors
/// Redis gave no answer. Whether the lock is taken is then unknown; if so it ends by itself.
pub async fn acquire<P: Locks + Clock>(
    ports: &P,
    name: &str,
    hold: Duration,
    wait: Duration,
) -> Result<Acquisition, CacheFault> {
    let (begun, owner) = (ports.monotonic(), ports.token());
    let mut attempt = 0;
    loop {
        // From before the call: when it began to count in Redis can't be known better.
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

/// A tenth earlier than Redis drops it: clocks run at different speeds.
fn end(asked: Millis, hold: Duration) -> Millis {
    asked + (hold - hold / 10).as_millis() as u64
}

impl Lock {
    /// How much of its time is left at `now` (monotonic), by our own clock. With nothing left, extend it or stop.
    pub fn left(&self, now: Millis) -> Duration {
        Duration::from_millis(self.until.saturating_sub(now))
    }

    /// Begins its time anew. False where it has run out meanwhile: then somebody else may be at work, and it can't be had back.
    ///
    /// # Errors
    /// Redis gave no answer; the lock lasts as long as it did.
    pub async fn extend<P: Locks + Clock>(&mut self, ports: &P, hold: Duration) -> Result<bool, CacheFault> {
        let asked = ports.monotonic();
        let extended = ports.extend(&self.name, self.owner, hold).await?;
        self.until = if extended { end(asked, hold) } else { 0 };
        Ok(extended)
    }

    /// Gives it back. False where it had run out: somebody else may have been at work at the same time.
    ///
    /// # Errors
    /// Redis gave no answer; it ends by itself.
    pub async fn release<P: Locks>(self, ports: &P) -> Result<bool, CacheFault> {
        ports.give_back(&self.name, self.owner).await
    }
}
