//! The feed of changes. Triggers note events in the transaction that changes something, without a
//! position. A sequencer in Postgres gives positions to what is committed: behind the answers of
//! writes, when a renewal finds what others have written, and when somebody reads the feed. None of
//! these is on the way of a hit.

use cache_spin::channel::publish;
use cache_spin::clock::{monotonic_millis, sleep};
use cache_spin::postgres::Row;
use commerce::error::Error;
use spin_sdk::wasip3::spawn;
use std::cell::Cell;
use std::time::Duration;

use crate::app::App;
use crate::data::{change, params};
use crate::settings::Rules;

/// An instance runs the sequencer once in so many milliseconds at most.
const PACE_MS: u64 = 250;

/// The channel on which events are published, below the key prefix. `GET /events` is the truth: a
/// message may be lost.
const CHANNEL: &str = "changes";

thread_local! {
    /// The next run may begin at this moment of the monotonic clock, in milliseconds.
    static NEXT: Cell<u64> = const { Cell::new(0) };
    /// A run is to come.
    static AWAITED: Cell<bool> = const { Cell::new(false) };
}

/// Runs the sequencer behind the answer: now, or as soon as this instance may.
pub(crate) fn sequence_behind() {
    if AWAITED.replace(true) {
        return;
    }
    spawn(async {
        let wait = NEXT.get().saturating_sub(monotonic_millis());
        if wait > 0 {
            sleep(Duration::from_millis(wait)).await;
        }
        // What is committed from here on is for the next run.
        AWAITED.set(false);
        if let Some(app) = App::loaded() {
            // If it fails, the events wait for the next run.
            let _ = sequence(app).await;
        }
    });
}

/// Gives positions to what is committed, unless this instance did a moment ago. What got some is
/// published behind the answer.
///
/// # Errors
/// The error that Postgres gave.
pub async fn sequence(app: &'static App) -> Result<(), Error> {
    let now = monotonic_millis();
    if now < NEXT.get() {
        return Ok(());
    }
    NEXT.set(now + PACE_MS);
    let keep = Rules::ready().await?.feed_keep.as_secs() as i64;
    let events = change(app, "event_sequence", params![keep]).await?;
    if !events.is_empty() {
        spawn(async move {
            let messages: Vec<&str> = events.iter().filter_map(body).collect();
            let channel = [&*app.config.key_prefix, CHANNEL].concat();
            let _ = publish(&app.cache.ports.store.redis, &channel, &messages).await;
        });
    }
    Ok(())
}

fn body(event: &Row) -> Option<&str> {
    event.text("body").ok().flatten()
}
