//! Allocations of a hit: a known number of small pieces, whatever the payload's size. Nothing of
//! the payload is parsed or copied.
#![allow(unsafe_code)] // An allocator that counts can't be had otherwise.

use cache_logic::entry::{Stamp, Value, encode};
use cache_logic::freshness::Freshness;
use cache_logic::policy::Policy;
use cache_logic::read::{Verdict, judge};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Duration;

struct Counting;

thread_local! {
    /// Allocations of this thread, and their bytes.
    static COUNTED: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

// SAFETY: every call is handed on to the system's allocator as it is. Counting touches nothing but
// a cell without a destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = COUNTED.try_with(|counted| {
            let (count, bytes) = counted.get();
            counted.set((count + 1, bytes + layout.size()));
        });
        // SAFETY: the caller keeps what `alloc` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The allocations of judging stored bytes and turning them into the value to send.
fn allocated_by_a_hit(payload: usize, owner: Option<&str>) -> (usize, usize) {
    let value = Value { payload: vec![b'x'; payload], etag: "\"7\"".into(), owner: owner.map(str::to_owned) };
    let generations = [1, 2, 3];
    let stamp = Stamp { created: 0, fresh_until: 1000, load_ms: 0, epoch: 9, generations: &generations, fill: 5 };
    let mut entry = encode(&value, &stamp);
    let policy = Policy::with_ttl(Duration::from_secs(300)).unwrap();
    let seen = generations.map(Some);

    let before = COUNTED.get();
    let verdict = judge(&mut entry, seen.iter(), 9, 0, 0.5, &policy);
    let Verdict::Current(stored, Freshness::Fresh) = verdict else { panic!("{verdict:?}") };
    let read = stored.into_value();
    let after = COUNTED.get();
    assert_eq!(read, value);
    (after.0 - before.0, after.1 - before.1)
}

#[test]
fn a_hit_allocates_two_small_pieces_whatever_its_size() {
    for payload in [0, 500, 50_000, 999_000] {
        let (count, bytes) = allocated_by_a_hit(payload, Some("00000000-0000-0000-0000-000000000000"));
        // The entity tag, the owner.
        assert_eq!(count, 2, "{payload} bytes of payload");
        assert!(bytes < 300, "{bytes} bytes for {payload} of payload");
        assert_eq!(allocated_by_a_hit(payload, None).0, 1, "without an owner");
    }
}
