//! An idempotent operation: a request that is sent twice is done once, and both get one answer.

use cache_logic::idempotency::{KeyDecision, KeyRecords};
use cache_logic::memory::Memory;
use cache_logic::ports::Clock;
use std::cell::Cell;
use std::time::Duration;

const HOLD_MS: u64 = 30_000;
const KEEP_MS: u64 = 24 * 3600 * 1000;

/// Charges a customer once for each key. Gives the status of the answer.
fn charge(clock: &Memory, keys: &mut KeyRecords<u16>, key: &str, amount: u128, charged: &Cell<u128>) -> u16 {
    // In an app: a hash of method, path and body. The record stands beside the charge, in one
    // transaction with it.
    let (fingerprint, owner) = (amount, clock.token());
    match keys.begin(key, fingerprint, owner, clock.now(), HOLD_MS) {
        KeyDecision::Started => {
            charged.set(charged.get() + amount);
            assert!(keys.complete(key, owner, 201, clock.now(), KEEP_MS), "still its owner");
            201
        }
        KeyDecision::Replay(status) => status,
        KeyDecision::InProgress { .. } => 409,
        KeyDecision::Mismatch => 422,
    }
}

/// Runs the example.
pub fn main() {
    let (clock, mut keys, charged) = (Memory::default(), KeyRecords::default(), Cell::new(0));
    assert_eq!(charge(&clock, &mut keys, "alice/7", 30, &charged), 201);
    assert_eq!(charge(&clock, &mut keys, "alice/7", 30, &charged), 201, "sent again");
    assert_eq!(charged.get(), 30, "and charged once");
    assert_eq!(charge(&clock, &mut keys, "alice/7", 99, &charged), 422, "another request");

    // A request that died at work blocks its key for `HOLD_MS`, then another one may do it.
    assert_eq!(keys.begin("alice/8", 5, 1, clock.now(), HOLD_MS), KeyDecision::Started);
    assert_eq!(charge(&clock, &mut keys, "alice/8", 5, &charged), 409);
    clock.advance(Duration::from_millis(HOLD_MS));
    assert_eq!(charge(&clock, &mut keys, "alice/8", 5, &charged), 201);
    assert_eq!(charged.get(), 35);
}
