//! A rate limit of two windows: an attempt is admitted by both or refused, and the headers of the
//! answer say how much is left.

use cache_logic::limit::{AttemptLog, Window, attempt};
use cache_logic::memory::Memory;
use cache_logic::ports::Clock;
use std::time::Duration;

const MINUTE: Window = Window { name: "minute", quota: 2, length: Duration::from_secs(60) };
const HOUR: Window = Window { name: "hour", quota: 3, length: Duration::from_secs(3600) };

/// Runs the example.
pub fn main() {
    let clock = Memory::default();
    // In an app: one script over Redis that does the same in one atomic step.
    let mut windows = [(MINUTE, AttemptLog::default()), (HOUR, AttemptLog::default())];
    let mut tries = |name: u128| attempt(&mut windows, name, clock.now());

    // The name is the attempt's own, such as a hash of the request: sent again it counts once.
    assert!(tries(1).admitted() && tries(2).admitted());
    assert!(tries(1).admitted(), "the same attempt again");
    let third = tries(3);
    assert_eq!((third.admitted(), third.retry_after()), (false, Some(60)));
    assert_eq!(third.policy(), "\"minute\";q=2;w=60, \"hour\";q=3;w=3600");
    assert_eq!(third.limit(), "\"minute\";r=0;t=60, \"hour\";r=0;t=3600");

    // The minute has room again. The hour does not: refused attempts count, too.
    clock.advance(Duration::from_secs(61));
    let fourth = tries(4);
    assert!(!fourth.admitted());
    assert!(fourth.count("minute").is_some_and(|count| count.admitted));

    clock.advance(Duration::from_secs(3600));
    assert!(tries(5).admitted());
}
