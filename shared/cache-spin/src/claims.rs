//! Claims: which of several deliveries works on something, and whether it has taken effect. One key
//! in Redis, one script for each step. A claim spares work; a database makes an effect count once.
//!
//! absent -> in work, for as long as its holder says so, at most 30 seconds -> applied, for as
//! long as the holder asks. Only `applied`, said after the commit, answers a duplicate.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};

use crate::clock::{sleep, token};
use crate::redis::{Script, Value, hex, millis, text};
use crate::state::State;

/// How long after the holder's last word somebody else may take it up: the holder is taken for
/// dead.
const HOLD: Duration = Duration::from_secs(5);
/// How often a holder at work says so.
const BEAT: Duration = Duration::from_secs(2);
/// For how long one holder keeps others away.
const LONGEST: Duration = Duration::from_secs(30);

/// The scripts, once per instance.
pub struct Claims {
    claim: Script,
    keep: Script,
    end: Script,
}

/// The outcome of a claim.
#[derive(Debug, PartialEq, Eq)]
pub enum Claim {
    /// It has taken effect.
    Applied,
    /// Somebody else is at work on it.
    Elsewhere,
    /// The caller is to work on it, and to [`Claims::finish`] with this permit.
    Won(Permit),
}

/// The right to work on something, consumed by [`Claims::finish`]. Dropped without that, the claim
/// runs out by itself. Holds no token if Redis is away: then the database alone keeps order.
#[derive(Debug, PartialEq, Eq)]
pub struct Permit(Option<u128>);

impl Default for Claims {
    fn default() -> Self {
        Self {
            claim: Script::new(include_str!("lua/claim_begin.lua")),
            keep: Script::new(include_str!("lua/claim_keep.lua")),
            end: Script::new(include_str!("lua/claim_end.lua")),
        }
    }
}

impl Claims {
    /// Claims something by its key: one round trip.
    pub async fn claim(&self, state: &State, key: &str) -> Claim {
        let holder = token();
        let arguments = vec![hex(holder), millis(HOLD)];
        match state.redis().script(&self.claim, &[&state.prefixed(key)], arguments).await {
            Ok((answer, _)) => match answer.as_slice() {
                [Value::Int64(2)] => Claim::Applied,
                [Value::Int64(0)] => Claim::Elsewhere,
                [Value::Int64(1)] => Claim::Won(Permit(Some(holder))),
                _ => Claim::Won(Permit(None)),
            },
            Err(_) => Claim::Won(Permit(None)),
        }
    }

    /// Works under a claim: while it takes long the claim is kept.
    pub async fn working<T>(&self, state: &State, key: &str, permit: &Permit, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        let mut worked = Duration::ZERO;
        loop {
            match select(work.as_mut(), pin!(sleep(BEAT))).await {
                Either::Left((outcome, _)) => return outcome,
                Either::Right(_) => worked += BEAT,
            }
            if let Some(holder) = permit.0.filter(|_| worked + HOLD <= LONGEST) {
                let arguments = vec![hex(holder), millis(HOLD)];
                let key = state.prefixed(key);
                let keys = [key.as_str()];
                let keep = state.redis().script(&self.keep, &keys, arguments);
                // The work goes on meanwhile.
                match select(work.as_mut(), pin!(keep)).await {
                    Either::Left((outcome, _)) => return outcome,
                    Either::Right(_) => {}
                }
            }
        }
    }

    /// Ends the work. `applied`: for how long to know that it has taken effect; `None` gives the
    /// claim back. If Redis is away nothing is lost, since a claim runs out.
    pub async fn finish(&self, state: &State, key: &str, permit: Permit, applied: Option<Duration>) {
        let arguments = match (permit.0, applied) {
            (None, None) => return,
            (holder, applied) => vec![
                holder.map_or_else(|| text("-"), hex),
                text(if applied.is_some() { "1" } else { "0" }),
                millis(applied.unwrap_or(HOLD)),
            ],
        };
        let _ = state.redis().script(&self.end, &[&state.prefixed(key)], arguments).await;
    }
}
