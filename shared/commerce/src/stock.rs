//! Stock: pieces of an article, how they are counted and booked, and the orders that hold them.

use strum::{EnumString, VariantArray, VariantNames};

use crate::error::Error;
use crate::fields::{Fields, Mistakes, one_of, text, whole};
use crate::json;
use crate::text::text_forms;

/// The longest note, in characters.
const MAX_NOTE: usize = 255;
/// The largest number of pieces that is counted or booked at once.
const MAX_PIECES: i32 = 1_000_000_000;

/// Where stock is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumString, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum InventoryMode {
    /// Nowhere: any number of any article can be ordered.
    Off,
    /// Here: an order of a counted article reserves its pieces.
    Own,
    /// At a product-service, which is asked to hold an order's pieces.
    Service,
}

text_forms!(InventoryMode);

/// `PUT /products/:id/stock`: how many pieces there are, as somebody has counted them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockCount {
    /// Pieces, the reserved ones among them.
    pub on_hand: i32,
    /// For the list of movements.
    pub note: Option<String>,
}

impl StockCount {
    /// Decodes a body.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every field that is wrong.
    pub fn decode(body: &[u8]) -> Result<Self, Error> {
        let mut mistakes = Mistakes::default();
        let wanted = Fields::of("", json::parse(body)?, &["onHand", "note"], &mut mistakes).and_then(|mut fields| {
            let on_hand = fields.required("onHand", whole(0, MAX_PIECES));
            let note = fields.optional("note", text(1, MAX_NOTE));
            Some(Self { on_hand: on_hand?, note })
        });
        mistakes.finish(wanted)
    }
}

/// Why somebody books pieces in or out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumString, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum MovementReason {
    /// They came from a supplier.
    Receipt,
    /// A customer has sent them back.
    Return,
    /// They are broken, stolen or gone.
    Loss,
}

text_forms!(MovementReason);

/// `POST /products/:id/stock/movements`: pieces that come or leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockMovement {
    /// Pieces; below zero if they leave.
    pub change: i32,
    /// Why.
    pub reason: MovementReason,
    /// For the list of movements.
    pub note: Option<String>,
}

impl StockMovement {
    /// Decodes a body.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every field that is wrong. A loss leaves, the rest comes.
    pub fn decode(body: &[u8]) -> Result<Self, Error> {
        let mut mistakes = Mistakes::default();
        let known = ["change", "reason", "note"];
        let wanted = Fields::of("", json::parse(body)?, &known, &mut mistakes).and_then(|mut fields| {
            let change = fields.required("change", whole(-MAX_PIECES, MAX_PIECES));
            let named = || format!("must be one of {}", MovementReason::names());
            let reason = fields.required("reason", one_of(MovementReason::parse, named));
            let note = fields.optional("note", text(1, MAX_NOTE));
            let (change, reason) = (change?, reason?);
            match (reason, change) {
                (_, 0) => fields.refuse("change", "must not be 0"),
                (MovementReason::Loss, 1..) => fields.refuse("change", "must be below 0 for a loss"),
                (MovementReason::Receipt | MovementReason::Return, ..0) => {
                    fields.refuse("change", format!("must be above 0 for a {}", reason.as_str()));
                }
                _ => {}
            }
            Some(Self { change, reason, note })
        });
        mistakes.finish(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_a_whole_number_of_pieces() {
        let count = StockCount::decode(br#"{"onHand":7,"note":"shelf 3"}"#);
        assert_eq!(count, Ok(StockCount { on_hand: 7, note: Some("shelf 3".into()) }));
        for wrong in ["{}", r#"{"onHand":-1}"#, r#"{"onHand":1.5}"#, r#"{"onHand":"7"}"#, r#"{"onHand":1,"more":2}"#] {
            assert!(matches!(StockCount::decode(wrong.as_bytes()), Err(Error::Invalid(_))), "{wrong}");
        }
    }

    #[test]
    fn a_loss_leaves_and_the_rest_comes() {
        let movement = |change: i32, reason: &str| {
            StockMovement::decode(format!(r#"{{"change":{change},"reason":"{reason}"}}"#).as_bytes())
        };
        for (change, reason, taken) in [
            (5, "receipt", true),
            (1, "return", true),
            (-2, "loss", true),
            (-5, "receipt", false),
            (-1, "return", false),
            (2, "loss", false),
            (0, "loss", false),
            (1, "gift", false),
        ] {
            let decoded = movement(change, reason);
            assert_eq!(decoded.is_ok(), taken, "{change} {reason}: {decoded:?}");
        }
    }
}
