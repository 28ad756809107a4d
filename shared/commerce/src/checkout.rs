//! Checkout sessions: a cart on its way to becoming an order, and how it lies in Redis.
//!
//! Nothing stands behind it: a cart that is lost is put anew. An order is read from it strictly, so
//! a damaged one is never half-read: it is no cart.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::caller::Caller;
use crate::error::Error;
use crate::hex;
use crate::order::NewOrder;
use crate::time::Moment;

/// The first word of every cart in Redis. Another format is another word.
const FORMAT: &str = "cart/1";

/// A cart, or what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cart {
    /// The order that is wanted, as `POST /orders` takes it.
    pub request: String,
    /// When it was put.
    pub updated_at: Moment,
    /// The order that it became.
    pub order: Option<Uuid>,
}

/// The bytes in Redis are none of ours, or not all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CartDamage;

impl Cart {
    /// A cart out of a request's body, which is that of `POST /orders`.
    ///
    /// # Errors
    /// A field that is wrong, or that this caller may not set.
    pub fn decode(body: &[u8], caller: &Caller, now: Moment) -> Result<Self, Error> {
        let order = NewOrder::decode(body)?;
        order.permit(caller)?;
        Self::of(&order, now)
    }

    /// A cart that would become this order.
    ///
    /// # Errors
    /// [`Error::Internal`] if it can't be written as JSON.
    pub fn of(order: &NewOrder, now: Moment) -> Result<Self, Error> {
        let request = serde_json::to_string(order).map_err(|error| Error::internal(error.to_string()))?;
        Ok(Self { request, updated_at: now, order: None })
    }

    /// The bytes for Redis: format, digest of the rest, time, order, request.
    pub fn to_bytes(&self) -> Vec<u8> {
        let order = self.order.map_or_else(|| "-".to_owned(), |order| order.to_string());
        let rest = format!("{} {order} {}", self.updated_at.0, self.request);
        format!("{FORMAT} {} {rest}", hex::encode(&Sha256::digest(&rest)[..16])).into_bytes()
    }

    /// Reads them back.
    ///
    /// # Errors
    /// [`CartDamage`] if anything is missing or changed.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CartDamage> {
        let text = std::str::from_utf8(bytes).map_err(|_| CartDamage)?;
        let rest = text.strip_prefix(FORMAT).and_then(|rest| rest.strip_prefix(' ')).ok_or(CartDamage)?;
        let (digest, rest) = rest.split_once(' ').ok_or(CartDamage)?;
        if digest != hex::encode(&Sha256::digest(rest)[..16]) {
            return Err(CartDamage);
        }
        let (updated_at, rest) = rest.split_once(' ').ok_or(CartDamage)?;
        let (order, request) = rest.split_once(' ').ok_or(CartDamage)?;
        let order = if order == "-" { None } else { Some(Uuid::try_parse(order).map_err(|_| CartDamage)?) };
        let updated_at = Moment(updated_at.parse().map_err(|_| CartDamage)?);
        Ok(Self { request: request.to_owned(), updated_at, order })
    }

    /// The order that is to be made of it.
    ///
    /// # Errors
    /// As `POST /orders`.
    pub fn request(&self) -> Result<NewOrder, Error> {
        NewOrder::decode(self.request.as_bytes())
    }

    /// The document that is shown: the request's fields between id and times.
    ///
    /// # Errors
    /// [`Error::Internal`] if the request isn't an object.
    pub fn document(&self, id: Uuid, ttl_seconds: u64) -> Result<String, Error> {
        let request: Map<String, Value> =
            serde_json::from_str(&self.request).map_err(|error| Error::internal(error.to_string()))?;
        let expires_at = Moment(self.updated_at.0.saturating_add((ttl_seconds as i64).saturating_mul(1_000_000)));
        let mut document = Map::new();
        document.insert("id".into(), id.to_string().into());
        document.insert("status".into(), if self.order.is_some() { "ordered" } else { "open" }.into());
        document.insert("orderId".into(), self.order.map_or(Value::Null, |order| order.to_string().into()));
        document.extend(request);
        document.insert("updatedAt".into(), self.updated_at.to_rfc3339().into());
        document.insert("expiresAt".into(), expires_at.to_rfc3339().into());
        Ok(Value::Object(document).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::Role;

    const ME: Uuid = Uuid::from_u128(3);

    fn caller(customer: Uuid) -> Caller {
        Caller {
            organization: Uuid::from_u128(1),
            role: Role::Customer,
            customer: Some(customer),
            scopes: vec![],
            subject: "s".into(),
            token_id: None,
            issued_at: 0,
            expires_at: i64::MAX,
            not_before: None,
        }
    }

    fn cart() -> Cart {
        let body =
            format!(r#"{{"customerId":"{ME}","currency":"EUR","items":[{{"sku":"A 1","quantity":2}}],"notes":"a b"}}"#);
        Cart::decode(body.as_bytes(), &caller(ME), Moment(1_700_000_000_000_000)).unwrap()
    }

    #[test]
    fn a_cart_survives_its_way_through_redis() {
        for cart in [cart(), Cart { order: Some(Uuid::from_u128(9)), ..cart() }] {
            assert_eq!(Cart::from_bytes(&cart.to_bytes()), Ok(cart.clone()));
            assert_eq!(cart.request().unwrap().items[0].sku, "A 1");
        }
    }

    #[test]
    fn no_damage_of_one_byte_and_no_cut_leaves_a_cart() {
        let bytes = cart().to_bytes();
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert_eq!(Cart::from_bytes(&damaged), Err(CartDamage), "byte {at}");
            assert_eq!(Cart::from_bytes(&bytes[..at]), Err(CartDamage), "cut at {at}");
        }
        assert_eq!(Cart::from_bytes(b"{}"), Err(CartDamage));
    }

    #[test]
    fn a_cart_is_refused_as_the_order_would_be() {
        let now = Moment(0);
        assert!(matches!(Cart::decode(b"{}", &caller(ME), now), Err(Error::Invalid(_))));
        let body = cart().request;
        assert!(matches!(Cart::decode(body.as_bytes(), &caller(Uuid::nil()), now), Err(Error::NotFound { .. })));
    }

    #[test]
    fn it_is_shown_with_the_fields_of_the_request() {
        let shown: Value = serde_json::from_str(&cart().document(ME, 1800).unwrap()).unwrap();
        assert_eq!(
            (&shown["status"], &shown["orderId"], &shown["notes"]),
            (&"open".into(), &Value::Null, &"a b".into())
        );
        assert_eq!(shown["updatedAt"], "2023-11-14T22:13:20.000000Z");
        assert_eq!(shown["expiresAt"], "2023-11-14T22:43:20.000000Z");
        let ordered = Cart { order: Some(ME), ..cart() };
        let shown: Value = serde_json::from_str(&ordered.document(ME, 1800).unwrap()).unwrap();
        assert_eq!((&shown["status"], &shown["orderId"]), (&"ordered".into(), &ME.to_string().into()));
    }
}
