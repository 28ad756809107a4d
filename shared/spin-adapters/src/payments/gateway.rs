//! The providers, as one instance sees them: access tokens, retries, a breaker for each.

use commerce::gateway::{Created, GatewayError, NewCapture, NewPayment, NewRefund, Page};
use commerce::time::Moment;
use commerce::webhook::Headers;
use commerce::webhook::amount::Provider;
use commerce::webhook::event::ProviderObject;
use commerce::webhook::event::paypal::Resource;

use crate::payments::client::Client;
use crate::payments::config::PaymentConfig;

/// Calls of payment providers.
pub struct Gateway {
    client: Client,
}

impl Gateway {
    /// Nothing is called yet.
    pub fn new(config: &PaymentConfig) -> Self {
        Self { client: Client::new(config.timeout) }
    }

    /// The way out, for what isn't an API: certificates.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Begins a payment. The same session again gives the same payment.
    ///
    /// # Errors
    /// [`GatewayError`]; [`GatewayError::Refused`] with the field `currency` or `amount` for what the provider doesn't take.
    pub async fn create(&self, _payment: &NewPayment) -> Result<Created, GatewayError> {
        Err(GatewayError::Unexpected)
    }

    /// Takes money that was approved or reserved; what the provider says of it now.
    ///
    /// # Errors
    /// [`GatewayError`].
    pub async fn capture(&self, _capture: &NewCapture) -> Result<Vec<ProviderObject>, GatewayError> {
        Err(GatewayError::Unexpected)
    }

    /// Gives money back; the refund as the provider shows it.
    ///
    /// # Errors
    /// [`GatewayError`].
    pub async fn refund(&self, _refund: &NewRefund) -> Result<ProviderObject, GatewayError> {
        Err(GatewayError::Unexpected)
    }

    /// What PayPal says of a resource that an event names, with the payment behind it and that payment's refunds.
    ///
    /// # Errors
    /// [`GatewayError`]; [`GatewayError::NotYet`] where PayPal doesn't know it.
    pub async fn observe(&self, _resource: &Resource) -> Result<Vec<ProviderObject>, GatewayError> {
        Err(GatewayError::Unexpected)
    }

    /// Asks PayPal whether it sent `body` with these headers. The body goes back as it came, never re-encoded.
    ///
    /// # Errors
    /// [`GatewayError`].
    pub async fn post_back(&self, _headers: &Headers<'_>, _body: &[u8]) -> Result<bool, GatewayError> {
        Err(GatewayError::Unexpected)
    }

    /// One page of a provider's events since `since`; `page` is what the page before named as next.
    ///
    /// # Errors
    /// [`GatewayError`].
    pub async fn events(&self, _provider: Provider, _since: Moment, _page: Option<&str>) -> Result<Page, GatewayError> {
        Err(GatewayError::Unexpected)
    }
}
