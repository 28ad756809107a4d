//! Payment providers' APIs, pure: requests are built here and answers read here; something else
//! sends them.
//!
//! Reading order: [`NewPayment`] and what else can be asked for, [`GatewayError`] (what a retry
//! helps against), [`Request`] and [`Answer`], the providers [`paypal`] and [`stripe`].

mod error;
pub mod paypal;
mod request;
mod secret;
pub mod stripe;

pub use error::GatewayError;
pub use request::{Answer, Method, Request, RetryHints};
pub use secret::Secret;

use strum::{EnumString, VariantArray, VariantNames};
use uuid::Uuid;

use crate::money::Currency;
use crate::provider::Provider;
use crate::session::Flow;
use crate::text::text_forms;
use crate::time::Moment;

/// A payment to begin at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPayment {
    /// Our session: its id is the idempotent request id, so a repetition begins nothing twice.
    pub session: Uuid,
    /// Our order: the provider carries its id along and gives it back in every event.
    pub order: Uuid,
    /// The sum to pay, as a decimal string.
    pub amount: String,
    /// Its currency.
    pub currency: Currency,
    /// The provider.
    pub gateway: Provider,
    /// The address that the shopper comes back to.
    pub return_url: String,
    /// The address that the shopper comes back to after giving up.
    pub cancel_url: String,
    /// The way on which the shopper pays.
    pub flow: Flow,
}

/// A payment that the provider has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentPage {
    /// PayPal's order, Stripe's checkout session or payment intent.
    pub external_id: String,
    /// The address of the page, for the shopper; `None` if the provider has none for it.
    pub redirect_url: Option<String>,
    /// The secret by which the shop's own page pays a payment intent of Stripe. It is handed on and
    /// never stored.
    pub client_secret: Option<Secret>,
}

/// A thing that can be captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumString, VariantArray, VariantNames)]
pub enum Capturable {
    /// A PayPal order that the shopper has approved.
    #[strum(serialize = "paypal_order")]
    PayPalOrder,
    /// A PayPal authorization.
    #[strum(serialize = "paypal_authorization")]
    PayPalAuthorization,
    /// A Stripe payment intent that `requires_capture`.
    #[strum(serialize = "stripe_payment_intent")]
    StripePaymentIntent,
}

text_forms!(Capturable);

/// Money to take that was approved or reserved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCapture {
    /// The kind of thing that `external_id` names.
    pub what: Capturable,
    /// The provider's id of it.
    pub external_id: String,
    /// The idempotent request id: the same again takes nothing twice.
    pub request: String,
    /// The part of an authorization or a payment intent, as a decimal string, and its currency;
    /// `None`: all of it.
    pub amount: Option<(String, Currency)>,
}

impl NewCapture {
    /// The capture of an approved PayPal order. It is the same for everyone that asks: the
    /// shopper's return, the event, an operator. After each refusal it is another request: PayPal
    /// would give the old answer to the old one.
    pub fn of_paypal_order(external_id: &str, refusals: i64) -> Self {
        let request = match refusals {
            0 => format!("capture-{external_id}"),
            refusals => format!("capture-{external_id}-{refusals}"),
        };
        Self { what: Capturable::PayPalOrder, external_id: external_id.to_owned(), request, amount: None }
    }
}

/// Money to give back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRefund {
    /// The provider.
    pub gateway: Provider,
    /// The provider's id of what was paid: a PayPal capture, a Stripe payment intent or charge.
    pub payment: String,
    /// Our refund request: the idempotent request id.
    pub request: Uuid,
    /// Our order, for the refund's metadata.
    pub order: Uuid,
    /// The sum, as a decimal string.
    pub amount: String,
    /// Its currency.
    pub currency: Currency,
    /// For the shopper to read, at most 255 characters; PayPal shows it.
    pub note: Option<String>,
}

/// One page of a provider's list of events.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EventPage {
    /// The events.
    pub events: Vec<ListedEvent>,
    /// The name of the next page; `None`: this is the last.
    pub next: Option<String>,
}

/// An event as the provider lists it.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedEvent {
    /// The provider's id of it.
    pub id: String,
    /// Its type.
    pub kind: String,
    /// When the provider says it happened.
    pub created_at: Option<Moment>,
    /// The event as JSON. Not the bytes that were signed.
    pub body: Vec<u8>,
}
