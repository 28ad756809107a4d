//! One poller per instance, while somebody watches: four looks a second for all orders together. A
//! look shows whether an order may have changed; only then it is read, as any other read does it.
//! While Redis can't tell, Postgres is asked for all of them once a second.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use commerce::error::Error;
use edge::clock::{Ticker, monotonic_millis, sleep};
use edge::{App, params};
use spin_sdk::wasip3::spawn;
use uuid::Uuid;

use crate::watched::{self, Watched};

/// The pause between two looks. With the look itself it is a little longer.
const PACE: Duration = Duration::from_millis(250);
/// How often Postgres is asked instead, in milliseconds.
const SLOW_MS: u64 = 1000;

thread_local! {
    static POLLING: Cell<bool> = const { Cell::new(false) };
}

/// Says that the poller runs, until it ends, however it ends.
struct Polling;

impl Drop for Polling {
    fn drop(&mut self) {
        POLLING.set(false);
    }
}

/// Begins to poll, unless this instance does.
pub fn ensure(app: &'static App) {
    if !POLLING.replace(true) {
        spawn(poll(app, Polling));
    }
}

async fn poll(app: &'static App, _polling: Polling) {
    // Streams alone begin no requests, so nobody else reads the clock for what a look needs.
    let ticker = Ticker::begin(PACE);
    let mut asked = 0;
    loop {
        sleep(PACE).await;
        ticker.tick();
        let watched = watched::all();
        if watched.is_empty() {
            return;
        }
        // If it fails, the next round tries again.
        let _ = round(app, &watched, &mut asked).await;
    }
}

/// `asked`: when Postgres was asked last, in milliseconds of the monotonic clock.
async fn round(app: &'static App, watched: &[Rc<Watched>], asked: &mut u64) -> Result<(), Error> {
    let entries: Vec<_> = watched.iter().map(|watched| &watched.entry).collect();
    let Some(marks) = edge::marks(app, &entries).await else {
        let now = monotonic_millis();
        if now < *asked + SLOW_MS {
            return Ok(());
        }
        *asked = now;
        return ask_postgres(app, watched).await;
    };
    let mut outdated: Vec<_> = watched.iter().zip(marks).filter(|(watched, mark)| watched.is_outdated(mark)).collect();
    outdated.sort_by_key(|(watched, _)| watched.organization);
    for of_one in outdated.chunk_by(|(one, _), (other, _)| one.organization == other.organization) {
        let ids: Vec<Uuid> = of_one.iter().map(|(watched, _)| watched.id).collect();
        let states = watched::read(app, of_one[0].0.organization, &ids).await?;
        for ((watched, mark), state) in of_one.iter().zip(states) {
            watched.learn(state);
            watched.note(mark.clone());
        }
    }
    Ok(())
}

/// One statement for all orders.
async fn ask_postgres(app: &'static App, watched: &[Rc<Watched>]) -> Result<(), Error> {
    let texts = |of: fn(&Watched) -> Uuid| watched.iter().map(|watched| of(watched).to_string()).collect::<Vec<_>>();
    let params = params![texts(|watched| watched.organization), texts(|watched| watched.id)];
    let rows = edge::query(app, "live_states", params).await?;
    let states = rows.iter().map(watched::state_of).collect::<Result<Vec<_>, _>>()?;
    for watched in watched {
        let state =
            states.iter().find(|(organization, id, _)| (*organization, *id) == (watched.organization, watched.id));
        watched.learn(state.map(|(_, _, state)| state.clone()));
    }
    Ok(())
}
