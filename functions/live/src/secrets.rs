//! The settings of payments that this component is given: the key of pseudonyms, and how wrong
//! tokens are limited.

use std::cell::OnceCell;

use commerce::error::Error;
use edge::settings::{OnceResult, component, misconfigured, once};
use payments::config::PaymentConfig;

thread_local! {
    static CONFIG: OnceCell<OnceResult<PaymentConfig>> = const { OnceCell::new() };
}

/// The settings, read at the first request.
///
/// # Errors
/// [`Error::Misconfigured`] that names every wrong one.
pub async fn config() -> Result<&'static PaymentConfig, Error> {
    once(&CONFIG, async || PaymentConfig::load(component()).await).await.map_err(misconfigured)
}
