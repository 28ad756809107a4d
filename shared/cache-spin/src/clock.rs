//! Time and chance from WASI. No other place reads a clock or draws a random number.

use spin_sdk::wasip3::clocks::monotonic_clock;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::{Either, select};

/// Milliseconds since the Unix epoch.
pub fn now_millis() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

thread_local! {
    static LATEST: Cell<u64> = const { Cell::new(0) };
    static TICKING: Cell<u32> = const { Cell::new(0) };
}

/// Begins a request: reads the clock for everything that needs no more than about now. Nothing is
/// read while a [`Ticker`] ticks often enough. Each question to the host costs more than a
/// hundredth of a hit.
pub fn begin_request() {
    if TICKING.get() == 0 {
        LATEST.set(now_millis());
    }
}

/// A task that wakes many times a second and reads the clock each time. Requests take its time for
/// theirs as long as there is one.
pub struct Ticker {
    /// 1 if it ticks often enough, else 0.
    counts: u32,
}

/// A ticker of this pace is too slow for others to go by.
const SLOW: Duration = Duration::from_millis(100);

impl Ticker {
    /// Begins to tick, every `pace` at the latest.
    pub fn begin(pace: Duration) -> Self {
        let counts = u32::from(pace < SLOW);
        TICKING.set(TICKING.get() + counts);
        Self { counts }
    }

    /// Reads the clock, for itself and for the requests that begin until the next tick. The answer
    /// is in milliseconds since the Unix epoch.
    pub fn tick(&self) -> u64 {
        let now = now_millis();
        LATEST.set(now);
        now
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        TICKING.set(TICKING.get() - self.counts);
    }
}

/// The begin of this instance's latest request, in milliseconds since the Unix epoch. It is older
/// than now by the time that the request has waited, and by a tick of [`Ticker`]; it is never
/// newer. It is for tokens and the limits of entries. It is not for signatures, which need the
/// exact time.
pub fn request_millis() -> u64 {
    LATEST.get()
}

/// Milliseconds on the monotonic clock.
pub fn monotonic_millis() -> u64 {
    monotonic_clock::now() / 1_000_000
}

/// A moment on the monotonic clock, for durations that milliseconds are too coarse for.
pub fn monotonic() -> Duration {
    Duration::from_nanos(monotonic_clock::now())
}

/// Waits.
pub async fn sleep(duration: Duration) {
    spin_sdk::time::sleep(duration).await;
}

/// A time limit is waited out in so many naps, and in so many at most if they end late.
const NAPS: u32 = 5;
const MOST_NAPS: u32 = 25;

/// The operation's outcome, or `None` if it takes longer than the limit. Dropping the operation
/// cancels its call in the host.
///
/// The limit is waited out in naps, and the operation has its chance after each. A nap that ends
/// late doesn't count. The machine is busy then, and the answer may be there without anybody having
/// had the time to hand it on.
pub async fn limited<T>(limit: Duration, operation: impl Future<Output = T>) -> Option<T> {
    let (nap, late) = (limit / NAPS, (limit / NAPS * 3 / 2).as_millis() as u64);
    let mut operation = pin!(operation);
    // An operation that takes less than the first nap, as nearly all do, reads no clock.
    let (mut slept, mut begun) = (0, None);
    for _ in 0..MOST_NAPS {
        if let Either::Left((outcome, _)) = select(operation.as_mut(), pin!(sleep(nap))).await {
            return Some(outcome);
        }
        let now = monotonic_millis();
        slept += u32::from(begun.is_none_or(|begun| now.saturating_sub(begun) <= late));
        if slept == NAPS {
            break;
        }
        begun = Some(now);
    }
    None
}

/// 128 random bits from the host's secure source.
pub fn token() -> u128 {
    // Six of a v4 UUID's bits are fixed; two of them folded make all 128 random.
    uuid::Uuid::new_v4().as_u128() ^ uuid::Uuid::new_v4().as_u128().rotate_left(37)
}

thread_local! {
    /// Seeded by the host once per instance, for numbers that nobody gains by guessing.
    static CHANCE: RefCell<fastrand::Rng> = RefCell::new(fastrand::Rng::with_seed(uuid::Uuid::new_v4().as_u128() as u64));
}

/// A random number from [0, 1): for jitter and early refresh.
pub fn draw() -> f64 {
    CHANCE.with_borrow_mut(fastrand::Rng::f64)
}

/// 128 bits that nobody else is likely to draw, for names that last a minute. Not a secret.
pub fn name() -> u128 {
    CHANCE.with_borrow_mut(|chance| chance.u128(..))
}

/// A name for a request: a UUID v7, so that a log can be sorted by it. Not a secret.
pub fn request_id() -> String {
    let mut random = [0; 10];
    CHANCE.with_borrow_mut(|chance| chance.fill(&mut random));
    let id = uuid::Builder::from_unix_timestamp_millis(request_millis(), &random).into_uuid();
    // Not by the formatter: every request makes one.
    id.hyphenated().encode_lower(&mut uuid::Uuid::encode_buffer()).to_owned()
}
