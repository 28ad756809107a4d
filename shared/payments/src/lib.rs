//! The parts that payment sessions and webhooks share.
//!
//! Reading order:
//! 1. [`config`], [`urls`]: the settings; [`needs`]: the settings that each provider needs
//! 2. [`client`]: one call; [`upstream`]: its repetitions; [`gateway`]: the providers' operations
//! 3. [`approvals`]: the capture of an approved order; [`objects`]: the providers' objects on their
//!    way to Postgres; [`pace`]: questions about many things
//! 4. [`fraud_check`]: the shop's own judge of attempts to pay
//! 5. [`user_service`]: the carts of users that are logged in
//! 6. [`address`], [`attempts`]: the addresses and keys that limits are counted by; [`guesses`]:
//!    wrong guest tokens

pub mod address;
pub mod approvals;
pub mod attempts;
pub mod client;
pub mod config;
pub mod fraud_check;
pub mod gateway;
pub mod guesses;
pub mod needs;
pub mod objects;
pub mod pace;
pub mod upstream;
pub mod urls;
pub mod user_service;

use std::cell::OnceCell;
use std::time::Duration;

use commerce::error::Error;
use edge::settings::{OnceResult, log, misconfigured, once};

use config::PaymentConfig;
use fraud_check::FraudCheck;
use gateway::Gateway;
use user_service::UserService;

/// The time for what is done beside asking a provider, in seconds.
const SPARE: i64 = 5;

/// Settings and providers, one per instance.
pub struct Payments {
    /// The settings.
    pub config: PaymentConfig,
    /// The providers.
    pub gateway: Gateway,
    /// The shop's own fraud check, if it has one.
    pub fraud_check: Option<FraudCheck>,
    /// The service that keeps users' carts, if there is one.
    pub user_service: Option<UserService>,
}

thread_local! {
    static PAYMENTS: OnceCell<OnceResult<Payments>> = const { OnceCell::new() };
}

impl Payments {
    /// How long no other request may ask a provider about the same order, in seconds: the longest
    /// time of all attempts and of the question before them, and a little more.
    pub fn lease(&self) -> i64 {
        let asked = self.config.fraud_check.as_ref().map_or(Duration::ZERO, |check| check.timeout);
        (self.gateway.longest() + asked).as_secs() as i64 + SPARE
    }

    /// This instance's payments; the settings are read at the first request.
    ///
    /// # Errors
    /// Every setting that is wrong; the same at each request of this instance.
    pub async fn get() -> OnceResult<Self> {
        once(&PAYMENTS, async || {
            let config = PaymentConfig::load(edge::settings::component()).await?;
            config.wrong.iter().for_each(|(_, error)| log(std::slice::from_ref(error)));
            let fraud_check = config.fraud_check.as_ref().map(FraudCheck::new);
            let user_service = config.user_service.as_ref().map(UserService::new);
            Ok(Self { gateway: Gateway::new(&config), fraud_check, user_service, config })
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
