//! The text forms of enums: strum derives them, and every enum offers them under the same names.

/// Gives enums `as_str`, `parse`, `ALL` and `names`. Each derives strum's `EnumString`,
/// `VariantArray` and `VariantNames`, and has no fields and no numbers of its own.
macro_rules! text_forms {
    ($($type:ty),+ $(,)?) => {$(
        impl $type {
            /// All of them, in their order.
            pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

            /// The stable name: in JSON, in Postgres, in keys and tags, in metrics.
            pub const fn as_str(self) -> &'static str {
                // Names stand in the order of the variants, which are numbered from 0.
                <Self as strum::VariantNames>::VARIANTS[self as usize]
            }

            /// The one of that name.
            pub fn parse(name: &str) -> Option<Self> {
                name.parse().ok()
            }

            /// The names of all, for messages.
            pub fn names() -> String {
                <Self as strum::VariantNames>::VARIANTS.join(", ")
            }
        }
    )+};
}
pub(crate) use text_forms;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use crate::caller::Role;
    use crate::fraud::Signal;
    use crate::gateway::Capturable;
    use crate::provider::Provider;
    use crate::query::{Direction, Sort};
    use crate::refund::RefundState;
    use crate::session::SessionStatus;
    use crate::shipment::ShipmentStatus;
    use crate::status::{OrderStatus, PaymentStatus};
    use crate::webhook::{EventState, Reason};

    /// Checks that names and values are one to one, and that the names are these.
    macro_rules! check {
        ($($type:ident: $names:expr;)+) => {$(
            assert_eq!($type::names(), $names);
            assert_eq!($type::names().split(", ").collect::<HashSet<_>>().len(), $type::ALL.len());
            for value in $type::ALL {
                assert_eq!($type::parse(value.as_str()), Some(*value));
                assert_eq!($type::parse(&value.as_str().to_uppercase()), None);
                assert_eq!($type::parse(&format!(" {}", value.as_str())), None);
            }
            assert_eq!($type::parse(""), None);
        )+};
    }

    #[test]
    fn the_names_of_all_enums_are_these() {
        check! {
            Role: "service, customer, operator";
            OrderStatus: "pending, confirmed, processing, shipped, delivered, cancelled";
            PaymentStatus: "unpaid, none_required, pending, authorized, paid, partially_paid, partially_refunded, refunded, \
                reversed, disputed, failed";
            ShipmentStatus: "pending, in_transit, out_for_delivery, delivered, failed, returned";
            SessionStatus: "needs_review, awaiting_redirect, awaiting_callback, completed, failed";
            RefundState: "queued, sent, failed, needs_review";
            EventState: "received, applied, needs_review, ignored, dismissed";
            Sort: "createdAt, updatedAt, totalAmount, orderNumber, status";
            Direction: "asc, desc";
            Provider: "paypal, stripe";
            Capturable: "paypal_order, paypal_authorization, stripe_payment_intent";
            Signal: "velocity, amount-jump, shared-address";
            Reason: "header-missing, header-duplicated, header-malformed, algorithm-not-allowed, \
                certificate-url-not-allowed, certificate-unreadable, certificate-untrusted, certificate-name-mismatch, \
                certificate-not-valid-at-transmission, transmission-in-future, transmission-too-old, signature-mismatch, \
                simulator-event, livemode-mismatch, account-mismatch, event-malformed";
        }
    }
}
