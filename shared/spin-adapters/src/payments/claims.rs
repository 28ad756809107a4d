//! Who works on an event, and whether it has taken effect: one key in Redis, one script for each step. It spares work; what makes an
//! event count once is Postgres.
//!
//! absent -> in work, for as long as its holder says so, at most [`LONGEST`] -> applied, for `ttl_webhook`. Only `applied`, said after
//! the commit, answers a duplicate.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};

use spin_sdk::redis::RedisResult;

use crate::backend::Backend;
use crate::clock::{sleep, token};
use crate::redis::{Script, hex, millis, text};

/// How long after its holder's last word another delivery may take an event up: whoever held it is taken for dead.
const HOLD: Duration = Duration::from_secs(5);
/// How often a holder at work says so.
const BEAT: Duration = Duration::from_secs(2);
/// For how long one delivery keeps others from an event.
const LONGEST: Duration = Duration::from_secs(30);

/// The scripts, once per instance.
pub struct Claims {
    claim: Script,
    keep: Script,
    end: Script,
}

/// What is known of an event when a delivery of it comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimed {
    /// It has taken effect.
    Applied,
    /// Another delivery is at work on it.
    Elsewhere,
    /// This delivery is to work on it.
    Here(Holder),
}

/// Which claim is whose. None: Redis is away, and Postgres alone keeps order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder(Option<u128>);

impl Default for Claims {
    fn default() -> Self {
        Self {
            claim: Script::new(include_str!("../lua/webhook_claim.lua")),
            keep: Script::new(include_str!("../lua/webhook_keep.lua")),
            end: Script::new(include_str!("../lua/webhook_end.lua")),
        }
    }
}

impl Claims {
    /// Claims an event: one round trip.
    pub async fn begin(&self, backend: &Backend, key: &str) -> Claimed {
        let holder = token();
        let arguments = vec![hex(holder), millis(HOLD)];
        match backend.state().script(&self.claim, &[&backend.prefixed(key)], arguments).await {
            Ok((answer, _)) => match answer.as_slice() {
                [RedisResult::Int64(2)] => Claimed::Applied,
                [RedisResult::Int64(0)] => Claimed::Elsewhere,
                [RedisResult::Int64(1)] => Claimed::Here(Holder(Some(holder))),
                _ => Claimed::Here(Holder(None)),
            },
            Err(_) => Claimed::Here(Holder(None)),
        }
    }

    /// Works under a claim: while it takes long the claim is kept.
    pub async fn working<T>(&self, backend: &Backend, key: &str, holder: Holder, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        let mut worked = Duration::ZERO;
        loop {
            match select(work.as_mut(), pin!(sleep(BEAT))).await {
                Either::Left((outcome, _)) => return outcome,
                Either::Right(_) => worked += BEAT,
            }
            if let Some(holder) = holder.0.filter(|_| worked + HOLD <= LONGEST) {
                let arguments = vec![hex(holder), millis(HOLD)];
                let key = backend.prefixed(key);
                let keys = [key.as_str()];
                let keep = backend.state().script(&self.keep, &keys, arguments);
                // The work goes on meanwhile.
                match select(work.as_mut(), pin!(keep)).await {
                    Either::Left((outcome, _)) => return outcome,
                    Either::Right(_) => {}
                }
            }
        }
    }

    /// Ends the work. `applied`: for how long to know that the event has taken effect; `None` gives the claim back. Where Redis is away
    /// nothing is lost: a claim runs out.
    pub async fn end(&self, backend: &Backend, key: &str, holder: Holder, applied: Option<Duration>) {
        let arguments = match (holder.0, applied) {
            (None, None) => return,
            (holder, applied) => vec![
                holder.map_or_else(|| text("-"), hex),
                text(if applied.is_some() { "1" } else { "0" }),
                millis(applied.unwrap_or(HOLD)),
            ],
        };
        let _ = backend.state().script(&self.end, &[&backend.prefixed(key)], arguments).await;
    }
}
