//! Promise 1, shown for the real code: no read from the cache is older than an acknowledged write.
//! It holds in any interleaving of small numbers of writers, readers and checkers. Crashes may come
//! at every step. A writer may be out of reach, and Redis may lose data by eviction, expiry,
//! FLUSHALL or a restart from an older snapshot.
//!
//! The search is our own, not `loom`, `shuttle` or `stateright`. The first two explore threads
//! without comparing states, which is too many runs for twenty steps of five actors. The last one
//! needs the protocol written again as a model. Here the functions of the crate themselves run over
//! scripted answers (`calls.rs`), and no state is explored twice.

mod actors;
mod calls;
mod explore;
mod world;

use explore::Server::{Either, New, Old};
use explore::{Found, Size, explore};
use world::Broken;

/// No actors, and nothing goes wrong.
const NOTHING: Size = Size {
    writers: 0,
    slow_writers: 0,
    careful_writers: 0,
    jobs: 0,
    places: None,
    servers: None,
    ahead: false,
    putters: &[],
    readers: &[],
    keepers: &[],
    old_readers: 0,
    checkers: 0,
    restarts: 0,
    crashes: 0,
    flushes: 0,
    resyncs: 0,
    restores: 0,
    serials: 0,
    replaces: false,
    switches: 0,
    evictions: false,
    records: 0,
    others: 0,
};

/// Small enough for minutes, large enough for every mutant.
const SIZES: &[Size] = &[
    Size { writers: 1, readers: &[0], restarts: 1, evictions: true, ..NOTHING },
    Size { writers: 2, readers: &[0], crashes: 1, evictions: true, ..NOTHING },
    Size { writers: 1, readers: &[0], checkers: 1, crashes: 1, flushes: 1, evictions: true, ..NOTHING },
    Size { writers: 2, readers: &[1], evictions: true, ..NOTHING },
    Size { writers: 1, readers: &[0, 1], ..NOTHING },
];

/// The same for entries that are written through.
const WRITTEN_THROUGH: &[Size] = &[
    Size { writers: 1, putters: &[0], readers: &[0], ..NOTHING },
    Size { writers: 1, putters: &[1], readers: &[0], ..NOTHING },
    Size { putters: &[0], readers: &[0], restarts: 1, ..NOTHING },
];

/// Values that a program keeps by itself, and shows to be current by a look.
const KEPT: &[Size] = &[
    Size { writers: 1, keepers: &[0], restarts: 1, evictions: true, ..NOTHING },
    Size { writers: 1, keepers: &[1], crashes: 1, flushes: 1, ..NOTHING },
    Size { jobs: 1, keepers: &[2], evictions: true, ..NOTHING },
    Size { careful_writers: 1, keepers: &[0], servers: Some([New, Either, Either, Either, Either]), ..NOTHING },
];

/// Pages whose tag says too much: somebody announces it for changes that they don't show.
const PAGES: &[Size] = &[
    Size { writers: 1, readers: &[4], others: 2, ..NOTHING },
    Size { writers: 2, readers: &[4], others: 1, ..NOTHING },
    Size { writers: 1, readers: &[4], others: 1, restarts: 1, ..NOTHING },
    Size { writers: 1, readers: &[4], others: 1, crashes: 1, flushes: 1, ..NOTHING },
    Size { careful_writers: 1, readers: &[4], others: 1, places: Some([0, 1, 0, 0, 0]), ..NOTHING },
];

/// Earlier states that are put back, in Postgres or in Redis.
const PUT_BACK: &[Size] = &[
    Size { writers: 1, readers: &[0], restores: 1, ..NOTHING },
    Size { writers: 1, readers: &[0], resyncs: 1, serials: 2, ..NOTHING },
];

/// Transactions that commit in another order than they began.
const SLOW: &[Size] = &[
    Size { slow_writers: 1, readers: &[0], evictions: true, ..NOTHING },
    Size { slow_writers: 2, readers: &[0], crashes: 1, ..NOTHING },
];

/// Two runs of Redis that answer to one name, the first of them named: a reader at the other one,
/// and a reader at the first one while somebody names the other.
const TWO_RUNS: &[Size] = &[
    Size { careful_writers: 1, readers: &[0], places: Some([0, 1, 0, 0, 0]), ..NOTHING },
    Size { careful_writers: 1, readers: &[0], checkers: 1, places: Some([1, 0, 1, 0, 0]), ..NOTHING },
];

/// Changes of many rows, which are announced by their tenants, and many waiting rows, which are
/// replaced by them.
const TENANTS: &[Size] = &[
    Size { jobs: 1, readers: &[2], crashes: 1, evictions: true, ..NOTHING },
    Size { jobs: 1, readers: &[3], restarts: 1, ..NOTHING },
    Size { jobs: 1, writers: 1, readers: &[3], replaces: true, ..NOTHING },
    Size { writers: 2, readers: &[2], replaces: true, ..NOTHING },
];

/// A reader of the release before, while tenants begin to be named and cease to be.
const RELEASES: &[Size] = &[
    Size { jobs: 1, readers: &[2], old_readers: 1, switches: 1, ..NOTHING },
    Size { jobs: 1, old_readers: 1, checkers: 1, switches: 2, ..NOTHING },
];

#[test]
fn no_read_is_older_than_a_change_that_named_tenants_alone() {
    all_hold(TENANTS);
}

#[test]
fn no_read_of_the_release_before_is_older_than_a_change_of_many_rows() {
    all_hold(RELEASES);
}

/// Two servers that answer to one name, an old primary and its successor, which nobody has asked
/// for a certificate yet. Readers come to either; or each to its own, while the record may be lost
/// and one change was made long ago in the new one alone.
const TWO_SERVERS: &[Size] = &[
    Size { careful_writers: 1, readers: &[0], servers: Some([New, Either, Either, Either, Either]), ..NOTHING },
    Size { readers: &[0, 0], ahead: true, records: 1, servers: Some([New, Old, New, New, New]), ..NOTHING },
];

#[test]
fn no_page_whose_parts_stand_is_older_than_an_acknowledged_write() {
    all_hold(PAGES);
}

#[test]
fn no_kept_value_is_older_than_an_acknowledged_write() {
    all_hold(KEPT);
}

#[test]
fn no_read_is_older_than_a_write_in_the_new_primary() {
    all_hold(TWO_SERVERS);
}

#[test]
fn no_read_is_older_than_a_write_that_told_another_run() {
    all_hold(TWO_RUNS);
}

#[test]
fn no_read_is_of_a_state_that_was_undone() {
    all_hold(PUT_BACK);
}

#[test]
fn no_read_is_older_than_a_transaction_that_took_its_time() {
    all_hold(SLOW);
}

#[test]
fn no_read_is_older_than_an_acknowledged_write() {
    all_hold(SIZES);
}

#[test]
fn no_read_is_older_than_what_was_written_through() {
    all_hold(WRITTEN_THROUGH);
}

fn all_hold(sizes: &[Size]) {
    for size in sizes {
        #[allow(clippy::disallowed_methods, reason = "it only says how long it took")]
        let begun = std::time::Instant::now();
        match explore(*size, Broken::default()) {
            Found::Holds(states, lists) => println!(
                "{size:?}: holds in all {states} states ({lists} ways through the code), {:.1?}",
                begun.elapsed()
            ),
            Found::Stale(trace) => panic!("{size:?}: stale after\n  {}", trace.join("\n  ")),
        }
    }
}

/// The guards in SQL and Lua: each, taken out, must break the promise. `make mutants` takes out the
/// guards in this crate's own code by changing the source.
#[test]
fn every_guard_outside_this_crate_is_needed() {
    let mutants = [
        ("no-outbox", Broken { no_outbox: true, ..Broken::default() }),
        ("no-epoch", Broken { no_epoch: true, ..Broken::default() }),
        ("claim-without-token", Broken { claim_without_token: true, ..Broken::default() }),
        ("delete-returning", Broken { delete_returning: true, ..Broken::default() }),
        ("delete-by-key", Broken { delete_by_key: true, ..Broken::default() }),
        ("no-wait", Broken { no_wait: true, ..Broken::default() }),
        ("no-start", Broken { no_start: true, ..Broken::default() }),
        ("no-signs", Broken { no_signs: true, ..Broken::default() }),
        ("no-replication", Broken { no_replication: true, ..Broken::default() }),
        ("no-serial", Broken { no_serial: true, ..Broken::default() }),
        ("no-record-is-fine", Broken { no_record_is_fine: true, ..Broken::default() }),
        ("bound-without-certificate", Broken { bound_without_certificate: true, ..Broken::default() }),
        ("bound-of-the-next-transaction", Broken { bound_of_the_next_transaction: true, ..Broken::default() }),
        ("no-lock", Broken { no_lock: true, ..Broken::default() }),
        ("no-since", Broken { no_since: true, ..Broken::default() }),
        ("no-tenant", Broken { no_tenant: true, ..Broken::default() }),
        ("first-tenant", Broken { first_tenant: true, ..Broken::default() }),
        ("old-certificate", Broken { old_certificate: true, ..Broken::default() }),
        ("old-renewal", Broken { old_renewal: true, ..Broken::default() }),
        ("switch-at-once", Broken { switch_at_once: true, ..Broken::default() }),
        ("switch-back-unannounced", Broken { switch_back_unannounced: true, ..Broken::default() }),
        ("no-timeline", Broken { no_timeline: true, ..Broken::default() }),
        ("no-given", Broken { no_given: true, ..Broken::default() }),
        ("given-too-early", Broken { given_too_early: true, ..Broken::default() }),
        ("put-without-compare", Broken { put_without_compare: true, ..Broken::default() }),
        ("parts-without-compare", Broken { parts_without_compare: true, ..Broken::default() }),
        ("parts-not-announced", Broken { no_part: true, ..Broken::default() }),
    ];
    for (name, broken) in mutants {
        let sizes = match name {
            name if name.starts_with("put-") => WRITTEN_THROUGH,
            name if name.starts_with("parts-") => PAGES,
            name if name.starts_with("bound-") => SLOW,
            "no-lock" | "no-since" => TWO_RUNS,
            "no-tenant" | "first-tenant" => TENANTS,
            name if name.starts_with("old-") || name.starts_with("switch-") => RELEASES,
            "no-timeline" | "no-given" | "given-too-early" => TWO_SERVERS,
            "no-start" | "no-signs" | "no-replication" | "no-serial" | "no-record-is-fine" => PUT_BACK,
            _ => SIZES,
        };
        let caught = sizes.iter().find_map(|size| match explore(*size, broken) {
            Found::Stale(trace) => Some(trace),
            Found::Holds(..) => None,
        });
        match caught {
            Some(trace) => println!("{name}: caught in {} steps", trace.len()),
            None => panic!("{name}: nothing found"),
        }
    }
}
