//! Checkout sessions: a cart on its way to becoming an order. It is kept as the order that is
//! wanted, in the form of `POST /orders`, so it is judged as that one would be.

use crate::caller::Caller;
use crate::error::Error;
use crate::order::NewOrder;

/// A cart out of a request's body, which is that of `POST /orders`.
///
/// # Errors
/// A field that is wrong, or that this caller may not set.
pub fn decode(body: &[u8], caller: &Caller) -> Result<NewOrder, Error> {
    let order = NewOrder::decode(body)?;
    order.permit(caller)?;
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::Role;
    use uuid::Uuid;

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

    #[test]
    fn a_cart_is_taken_or_refused_as_the_order_would_be() {
        let body =
            format!(r#"{{"customerId":"{ME}","currency":"EUR","items":[{{"sku":"A 1","quantity":2}}],"notes":"a b"}}"#);
        let cart = decode(body.as_bytes(), &caller(ME)).unwrap();
        assert_eq!((&*cart.items[0].sku, cart.notes.as_deref(), cart.customer_id), ("A 1", Some("a b"), ME));
        assert!(matches!(decode(b"{}", &caller(ME)), Err(Error::Invalid(_))));
        assert!(matches!(decode(body.as_bytes(), &caller(Uuid::nil())), Err(Error::NotFound { .. })));
        let priced = body.replace("\"quantity\"", "\"unitPrice\":\"1.00\",\"quantity\"");
        assert!(matches!(decode(priced.as_bytes(), &caller(ME)), Err(Error::Forbidden { .. })));
    }
}
