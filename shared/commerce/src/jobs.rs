//! Jobs: work that is due again and again, and that no request asks for. Each belongs to the
//! component that has the secrets and hosts for it. Postgres keeps when each is due.

use strum::{EnumString, VariantArray, VariantNames};

use crate::text::text_forms;

/// A job. Table `jobs` has a row for each, with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumString, VariantArray, VariantNames)]
#[strum(serialize_all = "kebab-case")]
pub enum JobName {
    /// Takes up events that wait.
    Redrive,
    /// Takes in events of PayPal's own list that never arrived.
    ReconcilePaypal,
    /// The same of Stripe's.
    ReconcileStripe,
    /// Sends refunds that wait.
    Refunds,
    /// Marks payment sessions whose time is over.
    Sweep,
    /// Forgets what is past its time.
    Prune,
    /// Cancels orders that hold stock and that nobody has paid in time.
    ExpireStock,
    /// Asks and tells a product-service what is still to be settled of orders' holds.
    StockHolds,
    /// Makes the entries anew that are read most.
    Warm,
}

text_forms!(JobName);

impl JobName {
    /// The component that it belongs to.
    pub const fn component(self) -> &'static str {
        match self {
            Self::Redrive | Self::ReconcilePaypal | Self::ReconcileStripe => "webhook-dedup",
            Self::Refunds | Self::Sweep | Self::Prune => "payment-session",
            Self::ExpireStock | Self::StockHolds => "product-catalog",
            Self::Warm => "order-list",
        }
    }

    /// The names of a component's jobs.
    pub fn names_of(component: &str) -> Vec<String> {
        let own = Self::ALL.iter().filter(|job| job.component() == component);
        own.map(|job| job.as_str().to_owned()).collect()
    }
}
