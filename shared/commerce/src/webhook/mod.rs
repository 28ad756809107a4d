//! Webhooks of payment providers, as pure functions: raw bytes, headers, certificates and the time
//! go in, a verdict with its [`Reason`] comes out.
//!
//! Reading order: [`Reason`], [`Headers`]; the signature schemes [`paypal`], [`stripe`] and
//! [`standard`]; [`certificates`] keeps the known certificates; [`event`] says what a verified body
//! is about; [`amount`] is money as each provider writes it; [`keys`] are the keys in Redis,
//! [`requests`] what operators ask.

pub mod amount;
pub mod certificates;
pub mod event;
mod headers;
pub mod keys;
mod mac;
pub mod paypal;
mod reason;
pub mod requests;
pub mod standard;
mod state;
pub mod stripe;

pub use headers::Headers;
pub use reason::Reason;
pub use state::EventState;

use crate::time::Moment;

/// A provider's time: RFC 3339 with its `T`, not the bare dates that requests may use. Providers
/// have been seen sending month 19: that is no time, not an error of the whole event.
pub(crate) fn moment(text: &str) -> Option<Moment> {
    Moment::parse(text).filter(|_| text.as_bytes().get(10) == Some(&b'T'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_providers_time_is_a_full_one_or_none() {
        for (text, seconds) in [
            ("2015-05-12T18:14:14Z", Some(1_431_454_454)),
            ("2018-08-15T12:13:29-07:00", Some(1_534_360_409)),
            ("2018-08-15T20:03:06.000Z", Some(1_534_363_386)),
            ("2019-19-01T00:00:00Z", None),
            ("2015-05-12", None),
            ("2015-05-12 18:14:14Z", None),
            ("2015-05-12T18:14:14", None),
            ("", None),
        ] {
            assert_eq!(moment(text).map(|m| m.0), seconds.map(|s: i64| s * 1_000_000), "{text}");
        }
    }
}
