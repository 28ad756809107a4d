//! The requests that make or change orders, decoded from their bytes; and what of them a caller may
//! ask for.

use serde::Serialize;
use uuid::Uuid;

use crate::address::Address;
use crate::caller::{Caller, Role, SCOPE_PRICE};
use crate::error::Error;
use crate::fields::{Fields, Mistakes, decimal, line, one_of, text, uuid, whole};
use crate::json::{self, Json};
use crate::money::{Currency, parse_amount};
use crate::status::OrderStatus;

/// The most items of one order.
pub const MAX_ITEMS: usize = 100;
/// The largest quantity of one item.
pub const MAX_QUANTITY: i32 = 100_000;
/// The longest notes, in characters.
pub const MAX_NOTES: usize = 2000;
/// The longest SKU, in characters.
pub const MAX_SKU: usize = 64;
/// The most ids of one bulk request.
pub const MAX_IDS: usize = 200;

/// `POST /orders`. Serializes to what the SQL function takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewOrder {
    /// The customer that it is for.
    pub customer_id: Uuid,
    /// The currency of its prices and its total.
    #[serde(serialize_with = "as_text")]
    pub currency: Currency,
    /// The items, at least one.
    pub items: Vec<NewItem>,
    /// Anything that the shop should know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// The address that it goes to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping_address: Option<Address>,
}

/// One item of a new order. Its name, and its price unless given, come from the product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewItem {
    /// The product.
    pub sku: String,
    /// The number of them.
    pub quantity: i32,
    /// The price of one, with the digits of the currency; only for callers with [`SCOPE_PRICE`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<String>,
}

impl NewOrder {
    /// Decodes a body.
    pub fn decode(body: &[u8]) -> Result<Self, Error> {
        const KNOWN: [&str; 5] = ["customerId", "currency", "items", "notes", "shippingAddress"];
        let mut mistakes = Mistakes::default();
        let order = Fields::of("", json::parse(body)?, &KNOWN, &mut mistakes).and_then(|mut fields| {
            let customer_id = fields.required("customerId", uuid);
            let currency = fields
                .required("currency", one_of(Currency::parse, || "must be an ISO 4217 code in capitals".to_owned()));
            let price = |json| match (json, currency) {
                (Json::Text(amount), Some(currency)) => parse_amount(&amount, currency),
                // Without a currency there is nothing to check the digits against; that mistake is
                // told already.
                (Json::Text(amount), None) => Ok(amount),
                _ => Err("must be a decimal number as a text, such as \"19.99\"".to_owned()),
            };
            let items = read_items(&mut fields, price);
            let notes = fields.optional("notes", text(0, MAX_NOTES));
            let shipping_address = fields.object("shippingAddress", &Address::FIELDS, Address::read);
            Some(Self { customer_id: customer_id?, currency: currency?, items: items?, notes, shipping_address })
        });
        mistakes.finish(order)
    }

    /// Refuses what the caller may not ask for: an order for another customer, prices of its own.
    pub fn permit(&self, caller: &Caller) -> Result<(), Error> {
        if caller.restriction()?.is_some_and(|own| own != self.customer_id) {
            return Err(Error::not_found("customer"));
        }
        permit_prices(&self.items, caller)
    }
}

/// `items`: the lines of an order. `price` reads a unit price.
fn read_items(fields: &mut Fields<'_>, price: impl Fn(Json) -> Result<String, String>) -> Option<Vec<NewItem>> {
    fields.array("items", (1, MAX_ITEMS), |path, json, mistakes| NewItem::read(path, json, &price, mistakes))
}

/// Refuses prices of a caller that may not set them.
fn permit_prices(items: &[NewItem], caller: &Caller) -> Result<(), Error> {
    match items.iter().position(|item| item.unit_price.is_some()) {
        Some(index) if !caller.has_scope(SCOPE_PRICE) => {
            Err(Error::forbidden(format!("items[{index}].unitPrice needs the scope {SCOPE_PRICE}")))
        }
        _ => Ok(()),
    }
}

impl NewItem {
    fn read(
        path: &str,
        json: Json,
        price: impl Fn(Json) -> Result<String, String>,
        mistakes: &mut Mistakes,
    ) -> Option<Self> {
        let mut fields = Fields::of(path, json, &["sku", "quantity", "unitPrice"], mistakes)?;
        let sku = fields.required("sku", line(1, MAX_SKU));
        let quantity = fields.required("quantity", whole(1, MAX_QUANTITY));
        let unit_price = fields.optional("unitPrice", price);
        Some(Self { sku: sku?, quantity: quantity?, unit_price })
    }
}

/// `PATCH /orders/:id`: what isn't named stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderPatch {
    /// The status to move to.
    pub status: Option<OrderStatus>,
    /// New notes; `Some(None)` takes them away.
    pub notes: Option<Option<String>>,
    /// A new address; `Some(None)` takes it away.
    pub shipping_address: Option<Option<Address>>,
    /// New items, all of them.
    pub items: Option<Vec<NewItem>>,
}

impl OrderPatch {
    /// Decodes a body. One that changes nothing is refused.
    pub fn decode(body: &[u8]) -> Result<Self, Error> {
        const KNOWN: [&str; 4] = ["status", "notes", "shippingAddress", "items"];
        let mut mistakes = Mistakes::default();
        let patch = Fields::of("", json::parse(body)?, &KNOWN, &mut mistakes).map(|mut fields| {
            if !KNOWN.iter().any(|name| fields.has(name)) {
                fields.refuse("body", format!("must hold at least one of {}", KNOWN.join(", ")));
            }
            let (has_status, has_notes, has_address) =
                (fields.has("status"), fields.has("notes"), fields.has("shippingAddress"));
            let status = if has_status { fields.required("status", order_status()) } else { None };
            let notes = fields.optional("notes", text(0, MAX_NOTES));
            let address = fields.object("shippingAddress", &Address::FIELDS, Address::read);
            // The order's currency is known to Postgres, which judges the digits.
            let items = if fields.has("items") { read_items(&mut fields, decimal) } else { None };
            Self { status, notes: has_notes.then_some(notes), shipping_address: has_address.then_some(address), items }
        });
        mistakes.finish(patch)
    }

    /// Refuses what the caller may not ask for: a customer may cancel, and may not move an order
    /// otherwise; prices need a scope.
    pub fn permit(&self, caller: &Caller) -> Result<(), Error> {
        match (caller.role, self.status) {
            (Role::Customer, Some(status)) if status != OrderStatus::Cancelled => {
                Err(Error::forbidden("status: a customer may only cancel"))
            }
            _ => permit_prices(self.items.as_deref().unwrap_or_default(), caller),
        }
    }

    /// The statuses in which the caller may change an order's items: before the shop begins to
    /// pack, and for a customer before it has accepted the order.
    pub fn items_from(caller: &Caller) -> &'static [OrderStatus] {
        match caller.role {
            Role::Customer => &[OrderStatus::Pending],
            Role::Service | Role::Operator => &[OrderStatus::Pending, OrderStatus::Confirmed],
        }
    }
}

/// `POST /orders/statuses`: which orders to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkRead {
    /// Up to [`MAX_IDS`], none twice.
    pub ids: Vec<Uuid>,
}

impl BulkRead {
    /// Decodes a body.
    pub fn decode(body: &[u8]) -> Result<Self, Error> {
        let mut mistakes = Mistakes::default();
        let read = Fields::of("", json::parse(body)?, &["ids"], &mut mistakes)
            .and_then(|mut fields| Some(Self { ids: ids(&mut fields)? }));
        mistakes.finish(read)
    }
}

/// `PATCH /orders/statuses`: the orders to move, and the status to move them to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkWrite {
    /// Up to [`MAX_IDS`], none twice.
    pub ids: Vec<Uuid>,
    /// The status to move to.
    pub status: OrderStatus,
}

impl BulkWrite {
    /// Decodes a body.
    pub fn decode(body: &[u8]) -> Result<Self, Error> {
        let mut mistakes = Mistakes::default();
        let write = Fields::of("", json::parse(body)?, &["ids", "status"], &mut mistakes).and_then(|mut fields| {
            let (ids, status) = (ids(&mut fields), fields.required("status", order_status()));
            Some(Self { ids: ids?, status: status? })
        });
        mistakes.finish(write)
    }
}

/// `ids`: an array of UUIDs, none twice.
fn ids(fields: &mut Fields<'_>) -> Option<Vec<Uuid>> {
    let mut seen = std::collections::HashSet::new();
    fields.array("ids", (1, MAX_IDS), |path, json, mistakes| match uuid(json) {
        Ok(id) if seen.insert(id) => Some(id),
        Ok(_) => {
            mistakes.add(path, "is there twice");
            None
        }
        Err(detail) => {
            mistakes.add(path, detail);
            None
        }
    })
}

fn order_status() -> impl FnOnce(Json) -> Result<OrderStatus, String> {
    one_of(OrderStatus::parse, || format!("must be one of {}", OrderStatus::names()))
}

fn as_text<S: serde::Serializer>(currency: &Currency, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(currency.as_str())
}

#[cfg(test)]
mod tests;
