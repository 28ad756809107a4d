//! Shipments: an order's parcels on their way. The requests that make and move them, decoded; and
//! the one table of moves between their statuses.

use serde::{Serialize, Serializer};
use strum::{EnumString, VariantArray, VariantNames};

use crate::error::Error;
use crate::fields::{Fields, Mistakes, date, line, moment, one_of};
use crate::json::{self, Json};
use crate::text::text_forms;
use crate::time::Moment;

/// The longest name of a carrier, in characters.
const MAX_CARRIER: usize = 100;
/// The longest tracking number, in characters.
const MAX_NUMBER: usize = 100;
/// The longest URL of a tracking page, in characters.
const MAX_URL: usize = 2000;

/// The status of a parcel on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumString, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ShipmentStatus {
    /// Announced, not with the carrier yet.
    Pending,
    /// With the carrier.
    InTransit,
    /// On its last way.
    OutForDelivery,
    /// With the customer. The end.
    Delivered,
    /// An attempt to deliver it failed.
    Failed,
    /// Back with the shop. The end.
    Returned,
}

text_forms!(ShipmentStatus);

/// Every allowed move, from and to. Any other is a conflict. Carriers don't tell every step, so a
/// parcel may pass over some; after a failed attempt it may come out again.
const MOVES: [(ShipmentStatus, ShipmentStatus); 14] = {
    use ShipmentStatus::{Delivered, Failed, InTransit, OutForDelivery, Pending, Returned};
    [
        (Pending, InTransit),
        (Pending, OutForDelivery),
        (Pending, Delivered),
        (InTransit, OutForDelivery),
        (InTransit, Delivered),
        (InTransit, Failed),
        (InTransit, Returned),
        (OutForDelivery, InTransit),
        (OutForDelivery, Delivered),
        (OutForDelivery, Failed),
        (OutForDelivery, Returned),
        (Failed, InTransit),
        (Failed, OutForDelivery),
        (Failed, Returned),
    ]
};

impl ShipmentStatus {
    /// The statuses from which a parcel may move here.
    pub fn sources(self) -> impl Iterator<Item = Self> {
        MOVES.into_iter().filter(move |(_, to)| *to == self).map(|(from, _)| from)
    }
}

/// `POST /orders/:id/shipments`. Serializes to what the SQL function takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewShipment {
    /// The carrier's name.
    pub carrier: String,
    /// The carrier's number of the parcel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<String>,
    /// The carrier's page about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracking_url: Option<String>,
    /// The status that it begins with.
    #[serde(serialize_with = "as_text")]
    pub status: ShipmentStatus,
    /// When the carrier took it.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_rfc3339")]
    pub shipped_at: Option<Moment>,
    /// When the customer got it.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_rfc3339")]
    pub delivered_at: Option<Moment>,
    /// The day at which it should arrive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_delivery: Option<String>,
}

/// The names of a shipment's fields.
const FIELDS: [&str; 7] =
    ["carrier", "trackingNumber", "trackingUrl", "status", "shippedAt", "deliveredAt", "estimatedDelivery"];

impl NewShipment {
    /// Decodes a body. Without a status it is pending.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every field that is wrong.
    pub fn decode(body: &[u8]) -> Result<Self, Error> {
        let mut mistakes = Mistakes::default();
        let shipment = Fields::of("", json::parse(body)?, &FIELDS, &mut mistakes).and_then(|mut fields| {
            let carrier = fields.required("carrier", line(1, MAX_CARRIER));
            let tracking_number = fields.optional("trackingNumber", line(1, MAX_NUMBER));
            let tracking_url = fields.optional("trackingUrl", url);
            let status = fields.optional("status", status()).unwrap_or(ShipmentStatus::Pending);
            let shipped_at = fields.optional("shippedAt", moment);
            let delivered_at = fields.optional("deliveredAt", moment);
            if shipped_at.is_some() && status == ShipmentStatus::Pending {
                fields.refuse("shippedAt", "must be absent while the shipment is pending");
            }
            if delivered_at.is_some() && status != ShipmentStatus::Delivered {
                fields.refuse("deliveredAt", "must be absent unless the shipment is delivered");
            }
            let estimated_delivery = fields.optional("estimatedDelivery", date);
            Some(Self {
                carrier: carrier?,
                tracking_number,
                tracking_url,
                status,
                shipped_at,
                delivered_at,
                estimated_delivery,
            })
        });
        mistakes.finish(shipment)
    }
}

/// `PATCH /orders/:id/shipments/:shipmentId`: what isn't named stays as it is. Serializes to what
/// the SQL function takes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShipmentPatch {
    /// Another carrier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// Another number; `Some(None)` takes it away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<Option<String>>,
    /// Another page; `Some(None)` takes it away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracking_url: Option<Option<String>>,
    /// The status to move to.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text_if_there")]
    pub status: Option<ShipmentStatus>,
    /// When the carrier took it.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_rfc3339")]
    pub shipped_at: Option<Moment>,
    /// When the customer got it.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_rfc3339")]
    pub delivered_at: Option<Moment>,
    /// Another day; `Some(None)` takes it away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_delivery: Option<Option<String>>,
}

impl ShipmentPatch {
    /// Decodes a body. One that changes nothing is refused.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every field that is wrong.
    pub fn decode(body: &[u8]) -> Result<Self, Error> {
        let mut mistakes = Mistakes::default();
        let patch = Fields::of("", json::parse(body)?, &FIELDS, &mut mistakes).map(|mut fields| {
            if !FIELDS.iter().any(|name| fields.has(name)) {
                fields.refuse("body", format!("must hold at least one of {}", FIELDS.join(", ")));
            }
            let [has_carrier, has_number, has_url, has_status, has_shipped, has_delivered, has_estimate] =
                FIELDS.map(|name| fields.has(name));
            let carrier = if has_carrier { fields.required("carrier", line(1, MAX_CARRIER)) } else { None };
            let number = fields.optional("trackingNumber", line(1, MAX_NUMBER));
            let page = fields.optional("trackingUrl", url);
            let status = if has_status { fields.required("status", status()) } else { None };
            let shipped_at = if has_shipped { fields.required("shippedAt", moment) } else { None };
            let delivered_at = if has_delivered { fields.required("deliveredAt", moment) } else { None };
            let estimate = fields.optional("estimatedDelivery", date);
            Self {
                carrier,
                tracking_number: has_number.then_some(number),
                tracking_url: has_url.then_some(page),
                status,
                shipped_at,
                delivered_at,
                estimated_delivery: has_estimate.then_some(estimate),
            }
        });
        mistakes.finish(patch)
    }

    /// The statuses in which the change may find the shipment: those that the new status may
    /// follow, and itself, since a repeated request is no move.
    pub fn from(&self) -> Vec<String> {
        let names = |to: ShipmentStatus| to.sources().chain([to]).map(|from| from.as_str().to_owned()).collect();
        self.status.map_or(vec![], names)
    }
}

/// The address of a page on the web.
fn url(json: Json) -> Result<String, String> {
    let text = line(1, MAX_URL)(json)?;
    let behind = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let fits = behind.is_some_and(|behind| !behind.is_empty()) && !text.contains(char::is_whitespace);
    if fits { Ok(text) } else { Err("must be a URL that begins with https:// or http://".to_owned()) }
}

fn status() -> impl FnOnce(Json) -> Result<ShipmentStatus, String> {
    one_of(ShipmentStatus::parse, || format!("must be one of {}", ShipmentStatus::names()))
}

fn as_text<S: Serializer>(status: &ShipmentStatus, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(status.as_str())
}

fn as_text_if_there<S: Serializer>(status: &Option<ShipmentStatus>, serializer: S) -> Result<S::Ok, S::Error> {
    status.map(ShipmentStatus::as_str).serialize(serializer)
}

fn as_rfc3339<S: Serializer>(moment: &Option<Moment>, serializer: S) -> Result<S::Ok, S::Error> {
    moment.map(Moment::to_rfc3339).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::refused_fields as fields;
    use serde_json::{Value, json};

    #[test]
    fn a_new_shipment_is_pending_and_written_for_the_database() {
        let written = |text: &str| serde_json::to_value(NewShipment::decode(text.as_bytes()).unwrap()).unwrap();
        assert_eq!(written(r#"{"carrier":"DHL"}"#), json!({"carrier": "DHL", "status": "pending"}));
        let whole = json!({
            "carrier": "DHL", "trackingNumber": "1", "trackingUrl": "https://dhl.example/1", "status": "delivered",
            "shippedAt": "2026-01-31T12:00:00Z", "deliveredAt": "2026-02-01", "estimatedDelivery": "2026-02-02"
        });
        let mut expected = whole.clone();
        expected["shippedAt"] = json!("2026-01-31T12:00:00.000000Z");
        expected["deliveredAt"] = json!("2026-02-01T00:00:00.000000Z");
        assert_eq!(written(&whole.to_string()), expected);
    }

    #[test]
    fn every_mistake_names_its_field() {
        let table = [
            ("carrier", json!(""), "carrier"),
            ("carrier", Value::Null, "carrier"),
            ("trackingNumber", json!(1), "trackingNumber"),
            ("trackingUrl", json!("dhl.example/1"), "trackingUrl"),
            ("trackingUrl", json!("javascript:alert(1)"), "trackingUrl"),
            ("trackingUrl", json!("https://"), "trackingUrl"),
            ("trackingUrl", json!("https://a b"), "trackingUrl"),
            ("status", json!("lost"), "status"),
            ("shippedAt", json!("yesterday"), "shippedAt"),
            ("shippedAt", json!("2026-01-31T12:00:00Z"), "shippedAt"),
            ("deliveredAt", json!("2026-01-31T12:00:00Z"), "deliveredAt"),
            ("estimatedDelivery", json!("2026-02-30"), "estimatedDelivery"),
            ("estimatedDelivery", json!("2026-01-31T12:00:00Z"), "estimatedDelivery"),
            ("weight", json!(1), "weight"),
        ];
        for (name, value, field) in table {
            let mut body = json!({"carrier": "DHL"});
            body[name] = value;
            assert_eq!(fields(NewShipment::decode(body.to_string().as_bytes())), [field], "{body}");
        }
    }

    #[test]
    fn a_patch_tells_absent_from_null() {
        let decode = |text: &str| ShipmentPatch::decode(text.as_bytes());
        let text = r#"{"trackingNumber":null,"trackingUrl":null,"estimatedDelivery":null}"#;
        assert_eq!(serde_json::to_value(decode(text).unwrap()).unwrap(), serde_json::from_str::<Value>(text).unwrap());
        let moved = decode(r#"{"status":"failed"}"#).unwrap();
        assert_eq!(serde_json::to_value(&moved).unwrap(), json!({"status": "failed"}));
        assert_eq!(moved.from(), ["in_transit", "out_for_delivery", "failed"]);
        assert!(decode(r#"{"carrier":"DHL"}"#).unwrap().from().is_empty());
        for (text, field) in [
            ("{}", "body"),
            (r#"{"carrier":null}"#, "carrier"),
            (r#"{"status":null}"#, "status"),
            (r#"{"shippedAt":null}"#, "shippedAt"),
            (r#"{"orderId":"x","carrier":"DHL"}"#, "orderId"),
        ] {
            assert_eq!(fields(decode(text)), [field], "{text}");
        }
    }

    #[test]
    fn nothing_leaves_the_two_ends_and_nothing_goes_back_to_the_beginning() {
        for &to in ShipmentStatus::ALL {
            let sources: Vec<_> = to.sources().collect();
            assert!(!sources.contains(&ShipmentStatus::Delivered) && !sources.contains(&ShipmentStatus::Returned));
            assert!(!sources.contains(&to), "{to:?}");
        }
        assert_eq!(ShipmentStatus::Pending.sources().count(), 0);
    }
}
