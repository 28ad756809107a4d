//! What payment sessions and webhooks share: the providers and their client, the accounts that get
//! the money, how attempts to pay are counted, and how an approved order is captured.
//!
//! Reading order: [`config`] and [`urls`] (settings), [`client`] (one call), [`upstream`] (its
//! repetitions), [`gateway`] (the providers), [`needs`] (what providers need of the settings),
//! [`approvals`] (an approved order is captured), [`address`] and [`attempts`] (what limits are
//! counted by).

pub mod address;
pub mod approvals;
pub mod attempts;
pub mod client;
pub mod config;
pub mod gateway;
pub mod needs;
pub mod upstream;
pub mod urls;

use std::cell::OnceCell;

use commerce::error::Error;
use edge::settings::{Loaded, misconfigured, once};

use config::PaymentConfig;
use gateway::Gateway;

/// What payments work with, one per instance.
pub struct Payments {
    /// The settings.
    pub config: PaymentConfig,
    /// The providers.
    pub gateway: Gateway,
}

thread_local! {
    static PAYMENTS: OnceCell<Loaded<Payments>> = const { OnceCell::new() };
}

impl Payments {
    /// This instance's; the settings are read at the first request.
    ///
    /// # Errors
    /// Every setting that is wrong; the same at each request of this instance.
    pub async fn get() -> Loaded<Self> {
        once(&PAYMENTS, async || {
            let config = PaymentConfig::load(edge::settings::component()).await?;
            Ok(Self { gateway: Gateway::new(&config), config })
        })
        .await
    }

    /// As [`Self::get`], as an answer to a request.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] that names every wrong setting.
    pub async fn ready() -> Result<&'static Self, Error> {
        Self::get().await.map_err(misconfigured)
    }
}
