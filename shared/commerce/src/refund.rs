//! Requests of operators: money to give back, money to take that is reserved.

use strum::{EnumString, VariantArray, VariantNames};

use crate::error::Error;
use crate::fields::{Fields, Mistakes, amount, decimal, line, moment, one_of, text};
use crate::gateway::GatewayError;
use crate::json::{self, Json};
use crate::params::Params;
use crate::provider::Provider;
use crate::query::{Place, in_order, take_period, take_provider, take_stretch};
use crate::text::text_forms;
use crate::time::Moment;

/// The longest note, in characters: PayPal's limit.
const MAX_NOTE: usize = 255;
/// The longest reference of a payment that is recorded by hand, in characters.
const MAX_REFERENCE: usize = 100;
/// The first wait before a queued refund is sent again, in seconds; it doubles.
const FIRST_WAIT: u32 = 10;
/// The longest such wait, in seconds.
const LONGEST_WAIT: u32 = 3600;

/// `POST /payments/:id/refunds`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRequest {
    /// The sum, as a decimal string; `None`: all that is left.
    pub amount: Option<String>,
    /// For the shopper to read.
    pub note: Option<String>,
}

impl RefundRequest {
    /// Decodes a body.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every field that is wrong.
    pub fn decode(body: &[u8]) -> Result<Self, Error> {
        let mut mistakes = Mistakes::default();
        let wanted = Fields::of("", json::parse(body)?, &["amount", "note"], &mut mistakes).map(|mut fields| Self {
            amount: fields.optional("amount", amount),
            note: fields.optional("note", text(1, MAX_NOTE)),
        });
        mistakes.finish(wanted)
    }
}

/// `POST /payments/refunds/:id/settle`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// The provider's refund, if one was made.
    pub external_id: Option<String>,
    /// For the audit.
    pub note: Option<String>,
}

impl Settlement {
    /// Decodes a body.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every field that is wrong. A refund that was made has to be named,
    /// and one that wasn't has no name.
    pub fn decode(body: &[u8]) -> Result<Self, Error> {
        let mut mistakes = Mistakes::default();
        let known = ["outcome", "externalRefundId", "note"];
        let told = Fields::of("", json::parse(body)?, &known, &mut mistakes).and_then(|mut fields| {
            let made = |name: &str| ["made", "not_made"].iter().position(|known| *known == name);
            let made = fields.required("outcome", one_of(made, || "must be made or not_made".to_owned()));
            let external_id = fields.optional("externalRefundId", provider_id);
            let note = fields.optional("note", text(1, MAX_NOTE));
            Some((made? == 0, Self { external_id, note }))
        });
        let (made, settlement) = mistakes.finish(told)?;
        match (made, &settlement.external_id) {
            (true, None) => Err(Error::invalid("externalRefundId", "is needed for a refund that was made")),
            (false, Some(_)) => Err(Error::invalid("externalRefundId", "must be absent if no refund was made")),
            _ => Ok(settlement),
        }
    }
}

/// An id at a provider, safe in a path.
fn provider_id(json: Json) -> Result<String, String> {
    let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    match json {
        Json::Text(id) if (1..=128).contains(&id.len()) && id.bytes().all(known) => Ok(id),
        _ => Err("must be an id of the provider: at most 128 letters, digits, - and _".to_owned()),
    }
}

/// `POST /orders/:id/payments`: a payment that was made otherwise than by a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManualPayment {
    /// The sum, as a decimal string; `None`: what the order still wants.
    pub amount: Option<String>,
    /// The payment's name at the place where it was made.
    pub reference: Option<String>,
    /// When the money came; `None`: now.
    pub received_at: Option<Moment>,
    /// For the audit.
    pub note: Option<String>,
}

impl ManualPayment {
    /// Decodes a body.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every field that is wrong.
    pub fn decode(body: &[u8]) -> Result<Self, Error> {
        let mut mistakes = Mistakes::default();
        let known = ["amount", "reference", "receivedAt", "note"];
        let wanted = Fields::of("", json::parse(body)?, &known, &mut mistakes).map(|mut fields| Self {
            amount: fields.optional("amount", amount),
            reference: fields.optional("reference", line(1, MAX_REFERENCE)),
            received_at: fields.optional("receivedAt", moment),
            note: fields.optional("note", text(1, MAX_NOTE)),
        });
        mistakes.finish(wanted)
    }
}

/// `POST /payments/:id/correct`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The sum that was really paid, as a decimal string; zero: nothing was.
    pub amount: String,
    /// For the audit: why.
    pub note: String,
}

impl Correction {
    /// Decodes a body.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every field that is wrong.
    pub fn decode(body: &[u8]) -> Result<Self, Error> {
        let mut mistakes = Mistakes::default();
        let wanted = Fields::of("", json::parse(body)?, &["amount", "note"], &mut mistakes).and_then(|mut fields| {
            let amount = fields.required("amount", decimal);
            let note = fields.required("note", text(1, MAX_NOTE));
            Some(Self { amount: amount?, note: note? })
        });
        mistakes.finish(wanted)
    }
}

/// `POST /payments/:id/capture`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureRequest {
    /// The sum, as a decimal string; `None`: all of it.
    pub amount: Option<String>,
}

impl CaptureRequest {
    /// Decodes a body.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every field that is wrong.
    pub fn decode(body: &[u8]) -> Result<Self, Error> {
        let mut mistakes = Mistakes::default();
        let wanted = Fields::of("", json::parse(body)?, &["amount"], &mut mistakes)
            .map(|mut fields| Self { amount: fields.optional("amount", amount) });
        mistakes.finish(wanted)
    }
}

/// The state of a refund that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumString, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum RefundState {
    /// To be sent, perhaps again.
    Queued,
    /// The provider has taken it.
    Sent,
    /// The provider has refused it.
    Failed,
    /// The provider may not remember the request any more, so a repetition could give the money
    /// back twice: an operator has to look.
    NeedsReview,
}

text_forms!(RefundState);

/// `GET /payments/refunds`: which ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefundsQuery {
    /// In this state.
    pub state: Option<RefundState>,
    /// At most so many, the newest first.
    pub limit: u32,
    /// The place at which the last page ended.
    pub after: Option<Place>,
}

impl RefundsQuery {
    /// Reads a raw query string.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every parameter that is wrong.
    pub fn parse(raw: Option<&str>) -> Result<Self, Error> {
        let mut params = Params::parse(raw, &["status", "limit", "after"])?;
        let state = params.take("status", || format!("must be one of {}", RefundState::names()), RefundState::parse);
        let (limit, after) = take_stretch(&mut params);
        params.finish(Self { state, limit, after })
    }
}

/// `GET /payments/captures`: which captured payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CapturesQuery {
    /// In this status of captured payments.
    pub status: Option<&'static str>,
    /// At this provider.
    pub provider: Option<Provider>,
    /// Captured at or after this moment.
    pub from: Option<Moment>,
    /// Captured before this moment.
    pub to: Option<Moment>,
    /// At most so many, the last one first.
    pub limit: u32,
    /// The place at which the last page ended.
    pub after: Option<Place>,
}

/// The statuses that a captured payment can have.
const CAPTURED: [&str; 5] = ["paid", "partially_refunded", "refunded", "reversed", "disputed"];

impl CapturesQuery {
    /// Reads a raw query string.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every parameter that is wrong.
    pub fn parse(raw: Option<&str>) -> Result<Self, Error> {
        let mut params = Params::parse(raw, &["status", "provider", "from", "to", "limit", "after"])?;
        let status = params.take(
            "status",
            || format!("must be one of {}", CAPTURED.join(", ")),
            |text| CAPTURED.into_iter().find(|known| *known == text),
        );
        let provider = take_provider(&mut params);
        let (from, to) = take_period(&mut params);
        let (limit, after) = take_stretch(&mut params);
        let query = params.finish(Self { status, provider, from, to, limit, after })?;
        in_order(query.from, query.to, ("from", "to"))?;
        Ok(query)
    }
}

/// The fate of a refund after an attempt to send it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundRetry {
    /// It is sent again after so many seconds; why it wasn't.
    Later(u32, &'static str),
    /// The provider said no, for this reason.
    Never(String),
    /// Nobody knows, and sending it again can't tell: an operator has to look, for this reason.
    Review(&'static str),
}

impl RefundRetry {
    /// After the attempt with this number (from 1). An attempt that may have been carried out, or
    /// may be some day, is repeated under the same request id; only a clear no ends it.
    pub fn after(error: GatewayError, attempt: u32) -> Self {
        let doubled = FIRST_WAIT.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(LONGEST_WAIT);
        match error {
            GatewayError::Away { retry_after } | GatewayError::Unsent { retry_after } => {
                Self::Later(doubled.max(retry_after.unwrap_or(0)).min(LONGEST_WAIT), "provider-away")
            }
            GatewayError::Unexpected => Self::Later(doubled, "provider-answer-unreadable"),
            GatewayError::Unconfigured { .. } => Self::Later(doubled, "provider-not-configured"),
            // Under another request id the money might go back twice.
            GatewayError::Kept { .. } => Self::Review("provider-keeps-failure"),
            // The payment is known to us from the provider itself, so it isn't a matter of time.
            GatewayError::NotYet => Self::Never("payment-unknown".into()),
            GatewayError::Refused { reason, .. } => Self::Never(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refund_is_of_an_amount_or_of_all() {
        let of = |body: &str| RefundRequest::decode(body.as_bytes());
        assert_eq!(of("{}").unwrap(), RefundRequest { amount: None, note: None });
        let wanted = of(r#"{"amount":"5.00","note":"Sorry for the scratch"}"#).unwrap();
        assert_eq!((wanted.amount.as_deref(), wanted.note.as_deref()), (Some("5.00"), Some("Sorry for the scratch")));
        assert_eq!(CaptureRequest::decode(br#"{"amount":"0.5"}"#).unwrap().amount.as_deref(), Some("0.5"));
    }

    #[test]
    fn a_settlement_names_the_refund_that_was_made_and_only_that() {
        let of = |body: &str| Settlement::decode(body.as_bytes());
        let made = of(r#"{"outcome":"made","externalRefundId":"re_1","note":"seen there"}"#).unwrap();
        assert_eq!((made.external_id.as_deref(), made.note.as_deref()), (Some("re_1"), Some("seen there")));
        assert_eq!(of(r#"{"outcome":"not_made"}"#).unwrap(), Settlement { external_id: None, note: None });
        for (wrong, field) in [
            (r#"{"outcome":"made"}"#, "externalRefundId"),
            (r#"{"outcome":"not_made","externalRefundId":"re_1"}"#, "externalRefundId"),
            (r#"{"outcome":"made","externalRefundId":"a/b"}"#, "externalRefundId"),
            (r#"{"outcome":"lost"}"#, "outcome"),
            ("{}", "outcome"),
        ] {
            let error = of(wrong).unwrap_err();
            assert!(matches!(&error, Error::Invalid(errors) if errors[0].field == field), "{wrong}: {error:?}");
        }
    }

    #[test]
    fn lists_of_refunds_and_captures_are_narrowed() {
        let refunds = RefundsQuery::parse(Some("status=needs_review&limit=5")).unwrap();
        assert_eq!((refunds.state, refunds.limit, refunds.after), (Some(RefundState::NeedsReview), 5, None));
        let after = "2026-01-31T12:00:00.000000Z_00000000-0000-0000-0000-000000000007";
        let captures = CapturesQuery::parse(Some(&format!("status=disputed&provider=paypal&after={after}"))).unwrap();
        assert_eq!((captures.status, captures.provider), (Some("disputed"), Some(Provider::PayPal)));
        assert_eq!(captures.after.map(|place| place.to_string()).as_deref(), Some(after));
        for wrong in ["status=open", "limit=0", "after=x", "page=1"] {
            assert!(RefundsQuery::parse(Some(wrong)).is_err(), "{wrong}");
            assert!(CapturesQuery::parse(Some(wrong)).is_err(), "{wrong}");
        }
        for wrong in ["status=pending", "provider=cash", "from=x", "from=2026-02-01&to=2026-01-01"] {
            assert!(CapturesQuery::parse(Some(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_payment_by_hand_is_told_with_little_and_corrected_with_a_reason() {
        let of = |body: &str| ManualPayment::decode(body.as_bytes());
        let all = of("{}").unwrap();
        assert_eq!((all.amount, all.reference, all.received_at), (None, None, None));
        assert!(of(r#"{"amount":"5.00","reference":"R-1","receivedAt":"2026-01-31T12:00:00Z"}"#).is_ok());
        for wrong in [r#"{"amount":"0"}"#, r#"{"receivedAt":"soon"}"#, r#"{"reference":""}"#, r#"{"currency":"EUR"}"#] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
        let of = |body: &str| Correction::decode(body.as_bytes());
        assert_eq!(of(r#"{"amount":"0.00","note":"typed twice"}"#).unwrap().amount, "0.00");
        for wrong in [r#"{"amount":"1"}"#, r#"{"note":"x"}"#, r#"{"amount":"-1","note":"x"}"#] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_amount_is_named() {
        for wrong in [
            r#""0""#,
            r#""0.00""#,
            r#""-1""#,
            r#""1e3""#,
            r#""01""#,
            r#""1.""#,
            r#"".5""#,
            r#""1.2345""#,
            "5",
            r#""1234567890123""#,
            r#""""#,
        ] {
            let body = format!(r#"{{"amount":{wrong}}}"#);
            for error in [RefundRequest::decode(body.as_bytes()).err(), CaptureRequest::decode(body.as_bytes()).err()] {
                assert!(
                    matches!(&error, Some(Error::Invalid(errors)) if errors[0].field == "amount"),
                    "{wrong}: {error:?}"
                );
            }
        }
        for wrong in ["", "[]", r#"{"sum":"1"}"#, r#"{"note":""}"#] {
            assert!(RefundRequest::decode(wrong.as_bytes()).is_err(), "{wrong}");
        }
        assert!(CaptureRequest::decode(br#"{"note":"x"}"#).is_err());
    }

    #[test]
    fn only_a_clear_no_ends_a_refund() {
        let away = |after| GatewayError::Away { retry_after: after };
        for (attempt, seconds) in [(0, 10), (1, 10), (2, 20), (3, 40), (9, 2560), (10, 3600), (u32::MAX, 3600)] {
            assert_eq!(
                RefundRetry::after(away(None), attempt),
                RefundRetry::Later(seconds, "provider-away"),
                "{attempt}"
            );
        }
        assert_eq!(RefundRetry::after(away(Some(60)), 1), RefundRetry::Later(60, "provider-away"));
        assert_eq!(RefundRetry::after(away(Some(86_400)), 1), RefundRetry::Later(3600, "provider-away"));
        assert_eq!(
            RefundRetry::after(GatewayError::Unexpected, 1),
            RefundRetry::Later(10, "provider-answer-unreadable")
        );
        assert_eq!(
            RefundRetry::after(GatewayError::Kept { replayed: false }, 1),
            RefundRetry::Review("provider-keeps-failure")
        );
        let unconfigured = GatewayError::Unconfigured { variable: "stripe_api_key" };
        assert_eq!(RefundRetry::after(unconfigured, 1), RefundRetry::Later(10, "provider-not-configured"));
        let refused = GatewayError::Refused { reason: "charge-already-refunded".into(), field: None };
        assert_eq!(RefundRetry::after(refused, 1), RefundRetry::Never("charge-already-refunded".into()));
        assert_eq!(RefundRetry::after(GatewayError::NotYet, 1), RefundRetry::Never("payment-unknown".into()));
    }
}
