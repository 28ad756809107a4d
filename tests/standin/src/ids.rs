//! Random names in the providers' forms, and times as they write them.

use rand::Rng;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const CAPITALS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ0123456789";
const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

fn drawn(length: usize, from: &[u8]) -> String {
    let mut random = rand::thread_rng();
    (0..length).map(|_| char::from(from[random.gen_range(0..from.len())])).collect()
}

/// As PayPal's ids: `5O190127TN364715T`.
pub(crate) fn capitals(length: usize) -> String {
    drawn(length, CAPITALS)
}

/// As Stripe's ids behind their prefix, and as secrets.
pub(crate) fn token(length: usize) -> String {
    drawn(length, LETTERS)
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

/// `2026-01-15T12:00:00Z`
pub(crate) fn rfc3339(seconds: i64) -> String {
    let moment = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    moment.format(&Rfc3339).unwrap_or_default()
}

/// Now, as PayPal's resources and events write it.
pub(crate) fn moment() -> String {
    let now = OffsetDateTime::now_utc();
    let milliseconds = now.replace_nanosecond(now.nanosecond() / 1_000_000 * 1_000_000).unwrap_or(now);
    milliseconds.format(&Rfc3339).unwrap_or_default()
}
