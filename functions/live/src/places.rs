//! How many may watch at once: in an instance, in an organisation, and in all. The last two are
//! counted in Redis. While it is away, only the first counts. A place ends by itself, so an
//! instance that dies takes none with it for long.

use std::cell::Cell;
use std::time::Duration;

use commerce::error::Error;
use edge::App;
use edge::clock::token;
use edge::settings::Rules;
use edge::state::{Argument, Script, Value, hex, millis};
use spin_sdk::wasip3::spawn;
use uuid::Uuid;

static ENTER: Script = Script::new(include_str!("lua/enter.lua"));
static LEAVE: Script = Script::new(include_str!("lua/leave.lua"));

/// When to come again if all places are taken, in seconds.
const RETRY_AFTER: u32 = 5;
/// A place outlives its stream by so much, for what is late.
const SPARE: Duration = Duration::from_secs(5);

thread_local! {
    static TAKEN: Cell<u32> = const { Cell::new(0) };
}

/// A place among those that watch, given back when it is dropped.
pub struct Place {
    app: &'static App,
    name: u128,
    keys: [String; 2],
    counted: bool,
}

impl Place {
    /// Takes a place.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if there is none.
    pub async fn take(app: &'static App, rules: &Rules, organization: Uuid) -> Result<Self, Error> {
        let full = |whose: &str| Error::Unavailable {
            detail: format!("{whose} watches as many orders as it may"),
            retry_after_seconds: RETRY_AFTER,
        };
        if TAKEN.get() >= rules.live.instance {
            return Err(full("this instance"));
        }
        TAKEN.set(TAKEN.get() + 1);
        let keys = [app.state.prefixed(&format!("live:{organization}")), app.state.prefixed("live:all")];
        let mut place = Self { app, name: token(), keys, counted: false };
        let most = |places: u32| Argument::Int64(places.into());
        let life = millis(rules.live.seconds + SPARE);
        let arguments = vec![hex(place.name), life, most(rules.live.organization), most(rules.live.total)];
        let answer = app.state.redis().script(&ENTER, &place.names(), arguments).await;
        match answer.as_ref().map(|(answer, _)| answer.as_slice()) {
            Ok([Value::Int64(0)]) => place.counted = true,
            Ok([Value::Int64(1)]) => return Err(full("the organisation")),
            Ok([Value::Int64(2)]) => return Err(full("the whole shop")),
            // A look at an order has to work without Redis.
            _ => {}
        }
        Ok(place)
    }

    fn names(&self) -> [&str; 2] {
        self.keys.each_ref().map(String::as_str)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        TAKEN.set(TAKEN.get().saturating_sub(1));
        if self.counted {
            let (app, name, keys) = (self.app, self.name, std::mem::take(&mut self.keys));
            spawn(async move {
                // If it fails, the place ends by itself.
                let names = keys.each_ref().map(String::as_str);
                let _ = app.state.redis().script(&LEAVE, &names, vec![hex(name)]).await;
            });
        }
    }
}
