//! A user's cart as a user-service keeps it: the question for it, and what its answer becomes.
//! Pure.
//!
//! A user of that service is a customer of ours, under the same id.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::caller::Caller;
use crate::error::Error;
use crate::fields::{Fields, Mistakes, uuid};
use crate::json;
use crate::order::NewOrder;
use crate::time::Moment;

/// `POST /checkout/sessions/:id/cart`: whose cart is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CartRequest {
    /// The user, who is the customer of the order.
    pub user: Uuid,
}

impl CartRequest {
    /// Decodes a body.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the field.
    pub fn decode(body: &[u8]) -> Result<Self, Error> {
        let mut mistakes = Mistakes::default();
        let request = Fields::of("", json::parse(body)?, &["userId"], &mut mistakes)
            .and_then(|mut fields| Some(Self { user: fields.required("userId", uuid)? }));
        mistakes.finish(request)
    }

    /// Refuses another user's cart to a customer.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn permit(&self, caller: &Caller) -> Result<(), Error> {
        match caller.restriction()? {
            Some(own) if own != self.user => Err(Error::not_found("user")),
            _ => Ok(()),
        }
    }

    /// The question to the user-service, asked at `now`.
    pub fn question(&self, organization: Uuid, now: Moment) -> Vec<u8> {
        let question = json!({
            "type": "cart.read",
            "timestamp": now.to_rfc3339(),
            "data": { "organizationId": organization, "userId": self.user },
        });
        question.to_string().into_bytes()
    }
}

/// The user-service's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserCart {
    /// The order that the cart would become. It has no prices: they are our products'.
    Full(Box<NewOrder>),
    /// There is nothing in it.
    Empty,
}

impl UserCart {
    /// Reads the body of an answer: `currency`, `items` of `sku` and `quantity`, perhaps `notes`
    /// and `shippingAddress`. Whatever else the service says, prices among it, is passed over.
    /// `None` for any other shape.
    pub fn decode(user: Uuid, body: &[u8]) -> Option<Self> {
        let answer: Value = serde_json::from_slice(body).ok()?;
        let items = answer.get("items")?.as_array()?;
        if items.is_empty() {
            return Some(Self::Empty);
        }
        let mut order = picked(&answer, &["currency", "notes", "shippingAddress"]);
        order.insert("customerId".into(), user.to_string().into());
        let items: Vec<Value> = items.iter().map(|item| Value::Object(picked(item, &["sku", "quantity"]))).collect();
        order.insert("items".into(), items.into());
        let order = NewOrder::decode(Value::Object(order).to_string().as_bytes()).ok()?;
        Some(Self::Full(Box::new(order)))
    }
}

/// The members of an object that have these names.
fn picked(object: &Value, names: &[&str]) -> Map<String, Value> {
    names.iter().filter_map(|name| Some(((*name).to_owned(), object.get(*name)?.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: Uuid = Uuid::from_u128(3);

    #[test]
    fn a_cart_is_read_without_prices_and_whatever_else_the_service_says() {
        let body = br#"{"currency":"EUR","total":"1.00","user":{"name":"Ana"},"notes":"ring",
            "items":[{"sku":"A 1","quantity":2,"unitPrice":"0.01","name":"Cup"}]}"#;
        let Some(UserCart::Full(order)) = UserCart::decode(USER, body) else { panic!("no cart") };
        assert_eq!((order.customer_id, order.notes.as_deref()), (USER, Some("ring")));
        assert_eq!((&*order.items[0].sku, order.items[0].quantity, &order.items[0].unit_price), ("A 1", 2, &None));
    }

    #[test]
    fn a_cart_without_items_is_empty_and_another_shape_is_none() {
        assert_eq!(UserCart::decode(USER, br#"{"items":[]}"#), Some(UserCart::Empty));
        for wrong in [
            "",
            "[]",
            "{}",
            r#"{"items":{}}"#,
            r#"{"items":[{"sku":"A","quantity":1}]}"#,
            r#"{"currency":"EUR","items":[{"sku":"A","quantity":0}]}"#,
            r#"{"currency":"EUR","items":["A"]}"#,
            r#"{"currency":"eur","items":[{"sku":"A","quantity":1}]}"#,
        ] {
            assert_eq!(UserCart::decode(USER, wrong.as_bytes()), None, "{wrong}");
        }
    }
}
