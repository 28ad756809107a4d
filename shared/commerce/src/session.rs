//! Payment sessions: the request that begins one, and what their statuses allow.

use strum::{EnumString, VariantArray, VariantNames};
use uuid::Uuid;

use crate::client_address::ClientAddress;
use crate::error::Error;
use crate::fields::{Fields, Mistakes, line, one_of, uuid};
use crate::hex;
use crate::json;
use crate::params::Params;
use crate::provider::Provider;
use crate::query::{Place, parse_uuid, take_stretch, uuid_wanted};
use crate::text::text_forms;

/// The longest address that a shopper is sent back to, in characters.
const MAX_URL: usize = 2000;

/// The name of the gateway that isn't called.
const OTHER: &str = "other";

/// The party that takes the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentGateway {
    /// A provider that is called.
    Provider(Provider),
    /// A party that isn't called: a bank transfer, cash. The session holds the order's place and
    /// is completed by hand.
    Other,
}

impl PaymentGateway {
    /// The gateway of that name.
    pub fn parse(name: &str) -> Option<Self> {
        if name == OTHER { Some(Self::Other) } else { Provider::parse(name).map(Self::Provider) }
    }

    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Provider(provider) => provider.as_str(),
            Self::Other => OTHER,
        }
    }
}

/// The way on which the shopper pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Flow {
    /// On the provider's page, to which the shopper is sent.
    Redirect,
    /// In a form or by buttons of the provider within the shop's own page.
    Embedded,
}

text_forms!(Flow);

/// `POST /payments/sessions`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    /// The order to pay. Total and currency are the order's.
    pub order: Uuid,
    /// The party that takes the money.
    pub gateway: PaymentGateway,
    /// The address that the shopper comes back to.
    pub return_url: String,
    /// The address that the shopper comes back to after giving up; `return_url` unless named.
    pub cancel_url: String,
    /// The way on which the shopper pays.
    pub flow: Flow,
    /// The shopper's address, if a service names it.
    pub shopper_address: Option<ClientAddress>,
}

impl NewSession {
    /// Decodes a body. `allowed` are the prefixes that addresses to come back to may have, each
    /// with a slash at its end.
    pub fn decode(body: &[u8], allowed: &[String]) -> Result<Self, Error> {
        const KNOWN: [&str; 6] = ["orderId", "paymentGateway", "returnUrl", "cancelUrl", "flow", "shopperAddress"];
        let mut mistakes = Mistakes::default();
        let session = Fields::of("", json::parse(body)?, &KNOWN, &mut mistakes).and_then(|mut fields| {
            let order = fields.required("orderId", uuid);
            let gateway = fields.required(
                "paymentGateway",
                one_of(PaymentGateway::parse, || "must be paypal, stripe or other".to_owned()),
            );
            let return_url = fields.required("returnUrl", line(1, MAX_URL));
            let cancel_url = fields.optional("cancelUrl", line(1, MAX_URL));
            let cancel_url = cancel_url.or_else(|| return_url.clone());
            let flow = fields.optional("flow", one_of(Flow::parse, || "must be redirect or embedded".to_owned()));
            let address = one_of(ClientAddress::named, || "must be an IP address, without a port".to_owned());
            let shopper_address = fields.optional("shopperAddress", address);
            Some(Self {
                order: order?,
                gateway: gateway?,
                return_url: return_url?,
                cancel_url: cancel_url?,
                flow: flow.unwrap_or(Flow::Redirect),
                shopper_address,
            })
        });
        let session = mistakes.finish(session)?;
        for (field, url) in [("returnUrl", &session.return_url), ("cancelUrl", &session.cancel_url)] {
            if let Some(mistake) = mistake_of(url, allowed) {
                return Err(Error::unprocessable(field, mistake));
            }
        }
        Ok(session)
    }
}

/// Why a shopper isn't sent to a URL; `None`: it lies below one of the prefixes, such as
/// `https://shop.example/pay/`, for every reader of URLs. Anything that could be read in two ways
/// is refused.
fn mistake_of(url: &str, prefixes: &[String]) -> Option<&'static str> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    if !url.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'<' | b'>' | b'^' | b'`')) {
        return Some("must be visible ASCII without \\, \", <, >, ^ and `: other letters are percent-encoded");
    }
    if path.split('/').any(|step| matches!(step, "." | "..")) {
        return Some("must have no step . or .. in its path");
    }
    if !escapes_are_plain(path) {
        return Some("must have no escape in its path that can be read as ., /, \\ or %, or as none at all");
    }
    let lies_below = |prefix: &String| path.starts_with(prefix) || Some(path) == prefix.strip_suffix('/');
    (!prefixes.iter().any(lies_below)).then_some("is none that the variable payment_return_urls allows")
}

/// Whether each `%` of a path begins an escape, of a byte that no reader takes for a part of the
/// path's structure. Some readers take overlong UTF-8 (`%C0%AE`) for ASCII.
fn escapes_are_plain(path: &str) -> bool {
    let mut parts = path.split('%').skip(1).peekable();
    while let Some(part) = parts.next() {
        let byte = |part: &str| part.get(..2).and_then(|digits| hex::decode(digits)?.first().copied());
        // The next byte, if it is an escape, too.
        let next = parts.peek().filter(|_| part.len() == 2).and_then(|next| byte(next));
        let plain = match byte(part) {
            None | Some(b'.' | b'/' | b'\\' | b'%' | 0xC0 | 0xC1) => false,
            Some(0xE0) => !matches!(next, Some(0x80..=0x9F)),
            Some(0xF0) => !matches!(next, Some(0x80..=0x8F)),
            Some(_) => true,
        };
        if !plain {
            return false;
        }
    }
    true
}

/// The ticket in a raw query string, if there is one.
///
/// # Errors
/// [`Error::Invalid`] for anything else in it.
pub fn parse_ticket(raw: Option<&str>) -> Result<Option<String>, Error> {
    let mut params = Params::parse(raw, &["ticket"])?;
    let ticket = params.take("ticket", || "must be a ticket".to_owned(), |text| Some(text.to_owned()));
    params.finish(ticket)
}

/// `GET /payments/sessions`: which ones.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SessionQuery {
    /// Of this order.
    pub order: Option<Uuid>,
    /// In this status.
    pub status: Option<SessionStatus>,
    /// At most so many, the newest first.
    pub limit: u32,
    /// The place at which the last page ended.
    pub after: Option<Place>,
}

impl SessionQuery {
    /// Reads a raw query string.
    pub fn parse(raw: Option<&str>) -> Result<Self, Error> {
        let mut params = Params::parse(raw, &["orderId", "status", "limit", "after"])?;
        let order = params.take("orderId", uuid_wanted, parse_uuid);
        let status = params.take("status", || "must be a status of payment sessions".to_owned(), SessionStatus::parse);
        let (limit, after) = take_stretch(&mut params);
        params.finish(Self { order, status, limit, after })
    }
}

/// The status of a payment session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum SessionStatus {
    /// Held before the provider was asked, for an operator to look at.
    NeedsReview,
    /// The provider has begun it; the shopper hasn't been sent there yet.
    AwaitingRedirect,
    /// The shopper is at the provider, or has been.
    AwaitingCallback,
    /// Paid.
    Completed,
    /// Cancelled, or its time is over.
    Failed,
}

impl SessionStatus {
    /// Whether it still may be paid through, so that its time can run out.
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Completed | Self::Failed)
    }

    /// The statuses from which a session may go to this one at its caller's request. Completed is
    /// what a payment makes it.
    pub fn sources(self) -> &'static [Self] {
        match self {
            Self::AwaitingCallback => &[Self::AwaitingRedirect],
            Self::Failed => &[Self::NeedsReview, Self::AwaitingRedirect, Self::AwaitingCallback],
            Self::NeedsReview | Self::AwaitingRedirect | Self::Completed => &[],
        }
    }
}

text_forms!(SessionStatus);

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed() -> Vec<String> {
        vec!["https://shop.example/".to_owned(), "https://pay.example/back/".to_owned()]
    }

    fn decode(body: &str) -> Result<NewSession, Error> {
        NewSession::decode(body.as_bytes(), &allowed())
    }

    #[test]
    fn a_session_is_asked_for_with_order_gateway_and_a_way_back() {
        let id = Uuid::from_u128(7);
        let body =
            format!(r#"{{"orderId":"{id}","paymentGateway":"stripe","returnUrl":"https://shop.example/done?o=1"}}"#);
        let session = decode(&body).unwrap();
        assert_eq!((session.order, session.gateway.as_str()), (id, "stripe"));
        assert_eq!(session.cancel_url, "https://shop.example/done?o=1");
    }

    #[test]
    fn every_mistake_is_told_by_its_field() {
        let Err(Error::Invalid(errors)) = decode(r#"{"orderId":"x","paymentGateway":"cash","amount":"1.00"}"#) else {
            panic!("not refused");
        };
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["amount", "orderId", "paymentGateway", "returnUrl"]);
    }

    #[test]
    fn a_shopper_is_sent_back_to_allowed_places_only() {
        let table = [
            ("https://shop.example/", true),
            ("https://shop.example", true),
            ("https://shop.example?paid=1", true),
            ("https://shop.example/a/b?c=https://evil.example#d", true),
            ("https://pay.example/back/now", true),
            ("https://pay.example/back", true),
            ("https://pay.example/", false),
            ("https://pay.example/backdoor", false),
            ("https://pay.example/back/../x", false),
            ("https://pay.example/back/%2e%2e/x", false),
            ("https://shop.example.evil.example/", false),
            ("https://shop.example@evil.example/", false),
            ("https://shop.example/@evil.example", true),
            ("https://shop.example/kasse/gr%C3%BC%C3%9Fe/%e4", true),
            ("https://shop.example/a%20b/~me?next=%2e%2e%2f#%25", true),
            ("https://pay.example/back/@shop/%40", true),
            ("https://shop.example/%2e%2E/x", false),
            ("https://shop.example/a%2fb", false),
            ("https://shop.example/a%5Cb", false),
            ("https://shop.example/a%252e", false),
            ("https://shop.example/%c0%ae%c0%ae/x", false),
            ("https://shop.example/%e0%80%ae", false),
            ("https://shop.example/%e0%a4%85", true),
            ("https://shop.example/%f0%80%80%af", false),
            ("https://shop.example/%f0%9f%8e%81", true),
            ("https://shop.example/100%", false),
            ("https://shop.example/%zz", false),
            ("https://shop.example/%2", false),
            ("https://user@shop.example/", false),
            ("https://shop.example\\@evil.example/", false),
            ("http://shop.example/", false),
            ("HTTPS://shop.example/", false),
            ("//shop.example/", false),
            ("javascript:alert(1)", false),
            ("https://shop.example/\u{e4}", false),
            ("https://shop.example:444/", false),
        ];
        for (url, expected) in table {
            assert_eq!(mistake_of(url, &allowed()).is_none(), expected, "{url}");
        }
        let body = |name: &str| {
            format!(
                r#"{{"orderId":"{}","paymentGateway":"other","returnUrl":"https://shop.example/","{name}":"https://evil.example/"}}"#,
                Uuid::nil()
            )
        };
        assert!(
            matches!(decode(&body("cancelUrl")), Err(Error::Unprocessable(errors)) if errors[0].field == "cancelUrl")
        );
    }

    #[test]
    fn a_way_back_that_is_refused_is_told_why() {
        for (url, told) in [
            ("https://shop.example/a%2Fb", "escape"),
            ("https://shop.example/../x", "step"),
            ("https://shop.example/\u{e4}", "ASCII"),
            ("https://evil.example/", "payment_return_urls"),
        ] {
            assert!(mistake_of(url, &allowed()).is_some_and(|mistake| mistake.contains(told)), "{url}");
        }
    }

    #[test]
    fn a_session_goes_forward_only() {
        use SessionStatus::*;
        for status in SessionStatus::ALL {
            assert!(status.sources().iter().all(|source| source.is_open()), "{status:?}");
            assert!(!status.sources().contains(status));
        }
        assert!(Completed.sources().is_empty());
    }

    #[test]
    fn a_list_is_narrowed_by_order_and_status() {
        let query = SessionQuery::parse(Some("status=needs_review&limit=5")).unwrap();
        assert_eq!(
            query,
            SessionQuery { status: Some(SessionStatus::NeedsReview), limit: 5, ..SessionQuery::default() }
        );
        for wrong in ["status=creating", "limit=0", "limit=101", "orderId=x", "page=1", "after=1"] {
            assert!(SessionQuery::parse(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
