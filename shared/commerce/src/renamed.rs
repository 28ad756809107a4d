//! Old names and places of public items, for callers that have not followed yet.
//!
//! Each module that had one takes it from here, on a line that ends in `// renamed`.

/// Was in `query`.
pub mod query {
    pub use crate::hex::encode as hex;
}

/// Was in `webhook::amount`.
pub mod amount {
    pub use crate::provider::Provider;
}

/// Was in `jwt`.
pub mod jwt {
    pub use crate::jwt::TrustedIssuer as Expected;
}

/// Was in `order`.
pub mod order {
    pub use crate::order::OrderPatch as PatchOrder;
}

/// Was in `checkout`.
pub mod checkout {
    pub use crate::checkout::CartDamage as Damaged;
}

/// Was in `refund`.
pub mod refund {
    pub use crate::refund::{CaptureRequest as CaptureWanted, RefundRequest as RefundWanted, RefundRetry as Postponed};
}

/// Was in `gateway`.
pub mod gateway {
    pub use crate::gateway::{EventPage as Page, PaymentPage as Created};
}

/// Was in `webhook::event`.
pub mod event {
    pub use crate::webhook::event::Event as Told;
}

/// Was in `webhook::event::paypal`.
pub mod paypal_event {
    pub use crate::webhook::event::paypal::PayPalEvent as Event;
}

/// Was in `webhook::event::stripe`.
pub mod stripe_event {
    pub use crate::webhook::event::stripe::StripeEvent as Event;
}

/// Was in `webhook::paypal`.
pub mod paypal {
    pub use crate::webhook::paypal::PayPalPolicy as Policy;
}

/// Was in `webhook::stripe`.
pub mod stripe {
    pub use crate::webhook::stripe::StripePolicy as Policy;
}

/// Was in `webhook::requests`.
pub mod requests {
    pub use crate::webhook::requests::Reconciliation as Reconcile;
}
