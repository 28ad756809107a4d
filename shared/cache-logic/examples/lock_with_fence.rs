//! A lock whose holder may be late: the guarded row refuses a smaller fencing number, so a holder
//! whose time ran out overwrites nothing.

use cache_logic::lock::{Acquisition, Fence, Lock, acquire};
use cache_logic::memory::{Memory, run};
use std::time::Duration;

/// The guarded row. In SQL: `update report set body = $1, fence = $2 where fence <= $2`.
struct Report {
    body: &'static str,
    fence: Option<Fence>,
}

impl Report {
    fn write(&mut self, body: &'static str, fence: Fence) -> bool {
        let in_turn = self.fence <= Some(fence);
        if in_turn {
            (self.body, self.fence) = (body, Some(fence));
        }
        in_turn
    }
}

fn take(ports: &Memory) -> Option<Lock> {
    let (hold, wait) = (Duration::from_secs(30), Duration::from_millis(200));
    match run(acquire(ports, "report", hold, wait)).expect("Redis answers") {
        Acquisition::Held(lock) => Some(lock),
        Acquisition::Busy => None,
    }
}

/// Runs the example.
pub fn main() {
    let ports = Memory::default(); // in an app: your ports, over Redis
    let mut report = Report { body: "", fence: None };

    let slow = take(&ports).expect("the lock is free");
    assert!(take(&ports).is_none(), "one holder at a time");

    // The holder pauses for longer than its time, and somebody else begins.
    ports.advance(Duration::from_secs(31));
    let next = take(&ports).expect("its time is up");
    assert!(report.write("by the next holder", next.fence));
    assert!(!report.write("by the late holder", slow.fence), "the row sees who is late");
    assert_eq!(report.body, "by the next holder");

    assert!(!run(slow.release(&ports)).unwrap(), "the late holder learns it here");
    assert!(run(next.release(&ports)).unwrap());
}
