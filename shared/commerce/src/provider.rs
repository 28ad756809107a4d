//! The payment providers that are known by name.

use strum::{EnumString, VariantArray, VariantNames};

use crate::text::text_forms;

/// A payment provider that is known by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumString, VariantArray, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum Provider {
    /// PayPal.
    PayPal,
    /// Stripe.
    Stripe,
}

text_forms!(Provider);
