//! Holds: the pieces that a product-service holds for orders. The questions to it, its answers, and
//! what becomes of a hold after them. Pure.
//!
//! Each message about a hold has a name that is always the same, so the service can tell a
//! repetition from a second wish.

use serde::Deserialize;
use serde_json::{Value, json};
use strum::{EnumString, VariantArray, VariantNames};
use uuid::Uuid;

use crate::error::Error;
use crate::gateway::GatewayError;
use crate::params::Params;
use crate::query::{Place, take_stretch};
use crate::text::text_forms;
use crate::time::Moment;

/// The longest name of a reservation that is kept, in characters.
const MAX_RESERVATION: usize = 255;
/// The first wait before a service that gave no answer is asked again, in milliseconds.
const FIRST_WAIT_MS: i64 = 5_000;
/// No wait is longer if the service is away: it may come back at any moment.
const AWAY_WAIT_MS: i64 = 60_000;
/// No wait is longer if the service gives answers that can't be used: somebody has to mend that.
const WRONG_WAIT_MS: i64 = 3_600_000;

/// What a service is told of a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum HoldMessage {
    /// Hold these pieces.
    Reserve,
    /// They are free again.
    Release,
    /// They have left.
    Deduct,
}

text_forms!(HoldMessage);

/// A hold, as messages name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Its id, which the service knows it by.
    pub id: Uuid,
    /// Whose articles they are.
    pub organization: Uuid,
    /// The order, if it is there already.
    pub order: Option<Uuid>,
    /// The pieces: an array of `sku` and `quantity`, each article once.
    pub items: Value,
    /// The hold whose place it would take. Its pieces may be counted as free.
    pub replaces: Option<Uuid>,
}

impl HoldMessage {
    /// The name of the message: the same for each attempt and each repetition.
    pub fn name(self, hold: &Hold) -> String {
        format!("{}_{}", self.as_str(), hold.id)
    }

    /// Its body, sent at `now`.
    pub fn body(self, hold: &Hold, now: Moment) -> Vec<u8> {
        let message = json!({
            "type": format!("stock.{}", self.as_str()),
            "timestamp": now.to_rfc3339(),
            "data": {
                "organizationId": hold.organization,
                "holdId": hold.id,
                "orderId": hold.order,
                "items": hold.items,
                "replaces": hold.replaces,
            },
        });
        message.to_string().into_bytes()
    }

    /// Reads an answer of status and body. `None` if it is none.
    pub fn read(self, status: u16, body: &[u8]) -> Option<HoldAnswer> {
        match (self, status) {
            (Self::Reserve, 200 | 201) => {
                let answer: Reserved = serde_json::from_slice(body).ok()?;
                let usual = (1..=MAX_RESERVATION).contains(&answer.reservation_id.chars().count())
                    && !answer.reservation_id.starts_with(OPTIMISTIC)
                    && !answer.reservation_id.chars().any(char::is_control);
                usual.then_some(HoldAnswer::Reserved(answer.reservation_id))
            }
            (Self::Reserve, 422) => {
                let answer: Refused = serde_json::from_slice(body).unwrap_or_default();
                Some(HoldAnswer::Refused(answer.items.into_iter().next()))
            }
            (Self::Release | Self::Deduct, 200..=299) => Some(HoldAnswer::Settled),
            // It never heard of it, so there is nothing to let go.
            (Self::Release, 404) => Some(HoldAnswer::Settled),
            _ => None,
        }
    }
}

/// The beginning of the names of reservations that no service has given.
pub const OPTIMISTIC: &str = "optimistic_";

/// What a service has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HoldAnswer {
    /// It holds the pieces, under this name.
    Reserved(String),
    /// It doesn't, perhaps because there are too few pieces of this article.
    Refused(Option<Shortage>),
    /// It has taken note.
    Settled,
}

/// An article of which there are too few pieces.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Shortage {
    /// The article.
    pub sku: String,
    /// The pieces that can be had.
    pub available: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reserved {
    reservation_id: String,
}

#[derive(Default, Deserialize)]
struct Refused {
    #[serde(default)]
    items: Vec<Shortage>,
}

/// The answer to a request whose order the service has refused to hold pieces for. A shortage is
/// shown only if it is of an article that was asked for.
pub fn refusal(shortage: Option<&Shortage>, hold: &Hold) -> Error {
    let asked =
        |shortage: &&Shortage| hold.items.as_array().into_iter().flatten().any(|item| item["sku"] == shortage.sku);
    match shortage.filter(asked) {
        Some(Shortage { sku, available }) => Error::conflict(format!("items: {available} of {sku} can be had"), None),
        None => Error::conflict("items: there are too few pieces", None),
    }
}

/// A state of a hold in which it waits: for the service, or for somebody to decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum HoldState {
    /// The service was away when the order was made, and is asked again.
    Optimistic,
    /// Then it refused. Somebody has to decide what becomes of the order.
    StockMissing,
    /// It is to be told that the pieces are free.
    Releasing,
    /// It is to be told that they have left.
    Deducting,
}

text_forms!(HoldState);

impl HoldState {
    /// What the service is asked or told next; `None`: nothing.
    pub const fn message(self) -> Option<HoldMessage> {
        match self {
            Self::Optimistic => Some(HoldMessage::Reserve),
            Self::StockMissing => None,
            Self::Releasing => Some(HoldMessage::Release),
            Self::Deducting => Some(HoldMessage::Deduct),
        }
    }
}

/// How long to wait, in milliseconds, after so many attempts of which the last one failed. `draw`
/// is a random number from [0, 1): the holds of an outage don't all come due at one moment.
pub fn retry_ms(error: &GatewayError, attempts: u32, draw: f64) -> i64 {
    let cap = if error.retry_helps() { AWAY_WAIT_MS } else { WRONG_WAIT_MS };
    let longest = FIRST_WAIT_MS.saturating_mul(1 << attempts.saturating_sub(1).min(10)).min(cap);
    longest / 2 + (draw * (longest / 2) as f64) as i64
}

/// `GET /stock/holds`: which ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoldsQuery {
    /// In this state.
    pub state: HoldState,
    /// At most so many, the oldest first.
    pub limit: u32,
    /// The place at which the last page ended.
    pub after: Option<Place>,
}

impl HoldsQuery {
    /// Reads a raw query string. Without a state it is about the orders that somebody has to look
    /// at.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every parameter that is wrong.
    pub fn parse(raw: Option<&str>) -> Result<Self, Error> {
        let mut params = Params::parse(raw, &["state", "limit", "after"])?;
        let state = params.take("state", || format!("must be one of {}", HoldState::names()), HoldState::parse);
        let (limit, after) = take_stretch(&mut params);
        params.finish(Self { state: state.unwrap_or(HoldState::StockMissing), limit, after })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hold() -> Hold {
        Hold {
            id: Uuid::from_u128(7),
            organization: Uuid::from_u128(1),
            order: None,
            items: json!([{"sku": "CUP", "quantity": 3}]),
            replaces: None,
        }
    }

    #[test]
    fn a_message_has_one_name_and_says_what_is_wanted() {
        let (hold, now) = (hold(), Moment::of_millis(0));
        let names: Vec<String> = HoldMessage::ALL.iter().map(|message| message.name(&hold)).collect();
        let id = hold.id;
        assert_eq!(names, [format!("reserve_{id}"), format!("release_{id}"), format!("deduct_{id}")]);
        let body: Value = serde_json::from_slice(&HoldMessage::Reserve.body(&hold, now)).unwrap();
        assert_eq!((&body["type"], &body["data"]["items"]), (&json!("stock.reserve"), &hold.items));
        assert_eq!((&body["data"]["holdId"], &body["data"]["replaces"]), (&json!(id), &Value::Null));
    }

    #[test]
    fn an_answer_is_read_or_is_none() {
        let short = |sku: &str, available| HoldAnswer::Refused(Some(Shortage { sku: sku.into(), available }));
        let settled = Some(HoldAnswer::Settled);
        use HoldMessage::{Deduct, Release, Reserve};
        for (message, status, body, expected) in [
            (Reserve, 200, r#"{"reservationId":"r-1","more":1}"#, Some(HoldAnswer::Reserved("r-1".into()))),
            (Reserve, 200, r#"{"reservationId":""}"#, None),
            (Reserve, 200, r#"{"reservationId":"optimistic_1"}"#, None),
            (Reserve, 200, "reserved", None),
            (Reserve, 422, r#"{"items":[{"sku":"CUP","available":2}]}"#, Some(short("CUP", 2))),
            (Reserve, 422, "none left", Some(HoldAnswer::Refused(None))),
            (Reserve, 404, "", None),
            (Reserve, 401, "", None),
            (Release, 204, "", settled.clone()),
            (Release, 404, "", settled.clone()),
            (Release, 422, "", None),
            (Deduct, 200, "{}", settled),
            (Deduct, 404, "", None),
        ] {
            assert_eq!(message.read(status, body.as_bytes()), expected, "{message:?} {status} {body}");
        }
    }

    #[test]
    fn a_refusal_names_what_was_asked_for_and_nothing_else() {
        let told = |sku: &str| refusal(Some(&Shortage { sku: sku.into(), available: 2 }), &hold()).to_string();
        assert!(told("CUP").contains("items: 2 of CUP can be had"), "{}", told("CUP"));
        assert!(!told("JUG").contains("JUG"), "{}", told("JUG"));
        assert!(matches!(refusal(None, &hold()), Error::Conflict { .. }));
    }

    #[test]
    fn a_service_that_is_away_is_asked_often_and_one_that_errs_ever_less() {
        let (away, wrong) = (GatewayError::Away { retry_after: None }, GatewayError::Unexpected);
        assert_eq!([1, 2, 3, 9].map(|attempts| retry_ms(&away, attempts, 0.0)), [2_500, 5_000, 10_000, 30_000]);
        assert_eq!([1, 9, 99].map(|attempts| retry_ms(&wrong, attempts, 0.0)), [2_500, 640_000, 1_800_000]);
        assert!((2_500..=5_000).contains(&retry_ms(&away, 1, 0.999)));
    }

    #[test]
    fn a_list_is_of_what_waits_and_first_of_what_somebody_has_to_look_at() {
        let of = HoldsQuery::parse;
        assert_eq!(of(None).unwrap().state, HoldState::StockMissing);
        assert_eq!(of(Some("state=optimistic&limit=5")).unwrap().limit, 5);
        for wrong in ["state=reserved", "limit=0", "after=x", "page=1"] {
            assert!(of(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
