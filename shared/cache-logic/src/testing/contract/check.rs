//! The parts that every check is made of.

use crate::protocol::certificate::{ClaimToken, Timing};
use crate::protocol::entry::{Stamp, Value, encode};
use crate::protocol::ports::{CacheFault, Clock, Fill, Store};
use std::time::Duration;

/// The finding of a check.
pub type Finding = Result<(), String>;

/// So long that a slow machine does not see it run out, so short that a check can wait for it.
pub(super) const SHORT: Duration = Duration::from_millis(150);
pub(super) const LONG: Duration = Duration::from_secs(60);

/// Certificates that live that long, however slow the rest is: their claims are held for [`LONG`].
pub(super) const BRIEFLY: Timing = Timing::of(Duration::from_millis(800));

/// The record of a renewal. Nobody reads it but the origin, so any text will do.
pub(super) const RECORD: &str = "a record, with \"any\" text: 1/2";

pub(super) fn fault(fault: CacheFault) -> String {
    format!("the port failed: {fault:?}")
}

pub(super) fn ensure(holds: bool, claim: &str) -> Finding {
    if holds { Ok(()) } else { Err(format!("does not hold: {claim}")) }
}

pub(super) fn claim_token<P: Clock>(ports: &P) -> ClaimToken {
    ports.token() as ClaimToken
}

pub(super) fn entry(fill: u128) -> Result<Vec<u8>, String> {
    let value = Value { payload: b"{}".to_vec(), etag: "\"1\"".into(), owner: None };
    let stamp = Stamp { created: 0, fresh_until: 0, load_ms: 0, epoch: 1, generations: &[], fill };
    encode(&value, &stamp).ok_or_else(|| "an entry can't be encoded".to_owned())
}

pub(super) async fn fill<P: Store>(ports: &P, key: &str, id: u128, ttl: Duration, holder: Option<u128>) -> Finding {
    let fill = Fill { key, bytes: entry(id)?, ttl_ms: ttl.as_millis() as u64, parts: None };
    ports.fill(&[fill], holder).await.map_err(fault)
}
