//! Payments: what the two payment functions work with besides the backend.
//!
//! Reading order: [`config`] and [`urls`], [`client`] (one call), [`upstream`] (its repetitions), [`gateway`] (the providers);
//! [`deliveries`] (a webhook from its bytes to its answer) with [`certificates`], [`verification`], [`claims`], [`effects`] and
//! [`approvals`]; [`events`] (what operators do with them); [`sessions`], [`checkout`], [`guests`] (the shopper's way) with [`limits`],
//! [`guesses`] and [`address`]; [`refunds`] and [`captures`] (money that operators move) with [`observed`] (what providers answer to that).

pub mod address;
pub mod approvals;
pub mod captures;
pub mod certificates;
pub mod checkout;
pub mod claims;
pub mod client;
pub mod config;
pub mod deliveries;
pub mod effects;
pub mod events;
pub mod gateway;
pub mod guesses;
pub mod guests;
pub mod limits;
pub mod observed;
pub mod refunds;
pub mod sessions;
mod state;
pub mod upstream;
pub mod urls;
pub mod verification;

use std::cell::OnceCell;

use commerce::error::Error;

use crate::config::{Loaded, once};
use certificates::CertificateStore;
use claims::Claims;
use config::PaymentConfig;
use gateway::Gateway;

/// What payments work with, one per instance.
pub struct Payments {
    /// The settings.
    pub config: PaymentConfig,
    /// The providers.
    pub gateway: Gateway,
    /// The certificates that sign PayPal's messages.
    pub certificates: CertificateStore,
    /// Who works on which event.
    pub claims: Claims,
}

thread_local! {
    static PAYMENTS: OnceCell<Loaded<Payments>> = const { OnceCell::new() };
}

impl Payments {
    /// This instance's; the variables are read at the first request.
    ///
    /// # Errors
    /// Every variable that is wrong; the same at each request of this instance.
    pub async fn get() -> Loaded<Self> {
        once(&PAYMENTS, async || {
            let config = PaymentConfig::load().await?;
            Ok(Self {
                gateway: Gateway::new(&config),
                config,
                certificates: CertificateStore::default(),
                claims: Claims::default(),
            })
        })
        .await
    }

    /// As [`Self::get`], as an answer to a request.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] that names every wrong variable.
    pub async fn ready() -> Result<&'static Self, Error> {
        Self::get().await.map_err(crate::http::misconfigured)
    }
}
