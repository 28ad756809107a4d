//! The parts that payment sessions and webhooks share.
//!
//! Reading order:
//! 1. [`config`]: the settings; [`needs`]: the settings that each provider needs
//! 2. [`gateway`]: the providers' operations, over [`edge::client`] and [`edge::upstream`]
//! 3. [`approvals`]: the capture of an approved order; [`objects`]: the providers' objects on their
//!    way to Postgres; [`pace`]: questions about many things
//! 4. [`fraud_check`]: the shop's own judge of attempts to pay
//! 5. [`user_service`]: the carts of users that are logged in
//! 6. [`address`], [`attempts`]: the addresses and keys that limits are counted by; [`guests`]: the
//!    holders of guest tokens, and `guesses`: the limit of wrong ones

pub mod address;
pub mod approvals;
pub mod attempts;
pub mod config;
pub mod fraud_check;
pub mod gateway;
mod guesses;
pub mod guests;
pub mod needs;
pub mod objects;
pub mod pace;
pub mod user_service;

use std::cell::OnceCell;
use std::time::Duration;

use commerce::error::Error;
use commerce::provider::Provider;
use edge::settings::{OnceResult, log_wrong, misconfigured, once};

use config::PaymentConfig;
use fraud_check::FraudCheck;
use gateway::Gateway;
use needs::configured_account;
use user_service::UserService;

/// The time for what is done beside asking a provider, in seconds.
const SPARE: i64 = 5;

/// Settings and providers, one per instance, with the credentials that the variables name.
pub struct Payments {
    /// The settings.
    pub config: PaymentConfig,
    /// The providers.
    pub gateway: Gateway,
    /// The shop's own fraud check, if it has one.
    pub fraud_check: Option<FraudCheck>,
    /// The service that keeps users' carts, if there is one.
    pub user_service: Option<UserService>,
    /// The same with the credentials of each further account.
    others: Vec<Payments>,
    is_first: bool,
}

thread_local! {
    static PAYMENTS: OnceCell<OnceResult<Payments>> = const { OnceCell::new() };
}

impl Payments {
    fn new(mut config: PaymentConfig) -> Self {
        let mut others: Vec<Self> = std::mem::take(&mut config.others).into_iter().map(Self::new).collect();
        for other in &mut others {
            other.is_first = false;
            if other.config.environment != config.environment {
                other.gateway.rest_alone();
            }
        }
        let fraud_check = config.fraud_check.as_ref().map(FraudCheck::new);
        let user_service = config.user_service.as_ref().map(UserService::new);
        Self { gateway: Gateway::new(&config), fraud_check, user_service, config, others, is_first: true }
    }

    /// Whether these are the credentials that the variables name, not those of a further account.
    pub fn is_first(&self) -> bool {
        self.is_first
    }

    /// The credentials for each account at a provider, those that the variables name first. A
    /// provider that isn't used has none.
    pub fn accounts(&self, provider: Provider) -> impl Iterator<Item = &Self> {
        let has_account = move |of: &&Self| !configured_account(&of.config, provider).is_empty();
        std::iter::once(self).chain(&self.others).filter(has_account)
    }

    /// The credentials for an account at a provider.
    pub fn account(&self, provider: Provider, account: &str) -> Option<&Self> {
        self.accounts(provider).find(|of| configured_account(&of.config, provider) == account)
    }

    /// The credentials for the account of a payment.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] if there are none.
    pub fn for_account(&self, provider: Provider, account: &str) -> Result<&Self, Error> {
        self.account(provider, account).ok_or_else(|| Error::Misconfigured {
            detail: format!("there are no credentials for the payment's account at {}", provider.as_str()),
        })
    }

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
            config.wrong.iter().for_each(|(_, error)| log_wrong(std::slice::from_ref(error)));
            log_wrong(&config.wrong_accounts);
            Ok(Self::new(config))
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
