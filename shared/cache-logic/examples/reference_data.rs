//! Reference data inside the instance (L1): no round trip while a value is near, at the price that
//! a change may be seen two seconds late.

use cache_logic::entry::Value;
use cache_logic::l1::{L1, Reference, read};
use cache_logic::memory::{Memory, OriginAway, run};
use cache_logic::named::NamedPolicy;
use cache_logic::policy::Limits;
use cache_logic::ports::Registry;
use cache_logic::read::EntrySpec;
use std::cell::{Cell, RefCell};
use std::time::Duration;

/// Runs the example.
pub fn main() {
    let near = RefCell::new(L1::new(100, 1_000_000, 2_000)); // entries, bytes, milliseconds
    let ports = Memory::default(); // in an app: your ports, over Redis and Postgres
    let limits = Limits::with_millis(1000).expect("a valid lifetime");
    let policy = NamedPolicy::Lookup.policy();
    let wanted = EntrySpec { key: "countries", tags: &["countries"], policy: &policy };

    let table = Cell::new("AT, CH"); // in an app: a table of Postgres
    let load = async || Ok::<_, OriginAway>(Some(Value::of_bytes(table.get().into())));
    let countries = || {
        let answer = run(read(&near, &ports, &Reference(wanted), &limits, load));
        answer.unwrap().expect("the list exists").value.payload.clone()
    };

    assert_eq!(countries(), b"AT, CH");
    ports.calls.borrow_mut().clear();
    assert_eq!(countries(), b"AT, CH");
    assert!(ports.calls.borrow().is_empty(), "no round trip");

    // A change is announced in Redis, but nobody tells the instance.
    table.set("AT, CH, DE");
    run(ports.invalidate(&["countries"])).unwrap();
    assert_eq!(countries(), b"AT, CH", "older than the write: right for reference data alone");
    ports.advance(Duration::from_millis(2_000));
    assert_eq!(countries(), b"AT, CH, DE");
}
