//! Limits wrong guest tokens. 128 bits can't be guessed, but each wrong token costs a query. So
//! wrong tokens are counted by address. After too many, tokens from that address aren't looked up
//! until the hour is over.
//!
//! Right tokens aren't counted, so a house with many guests has no limit. Refused requests aren't
//! counted either, so an attacker that goes on keeps its neighbours out no longer. If Redis is
//! away, nothing is counted, since a guest's look at an order has to work without it.

use commerce::client_address::ClientAddress;
use commerce::error::Error;

use edge::App;
use edge::clock::token;
use edge::state::{Window, Windows};

use crate::attempts::{HOUR, admit, windows_of_address};
use crate::config::PaymentConfig;

/// The wrong tokens of one address.
pub struct Guesses {
    /// `None`: the address isn't known, or is that of a proxy with all its clients.
    windows: Option<Windows>,
}

impl Guesses {
    /// The wrong tokens of this address.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] without `hmac_key`.
    pub fn of(config: &PaymentConfig, address: ClientAddress) -> Result<Self, Error> {
        let ClientAddress::Known(address) = address else { return Ok(Self { windows: None }) };
        let window = Window { name: "guest-hour", quota: config.limits.guest_hour, length: HOUR };
        Ok(Self { windows: Some(Windows::of(windows_of_address(config, "guest", address, window)?)) })
    }

    /// Refuses an address that was wrong too often.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`].
    pub async fn admit(&self, app: &App) -> Result<(), Error> {
        self.ask(app, "").await
    }

    /// Counts a wrong token.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`] if it was one too many. Of any number of tokens that come at
    /// once, no more than the quota are answered otherwise.
    pub async fn wrong(&self, app: &App) -> Result<(), Error> {
        self.ask(app, &format!("{:032x}", token())).await
    }

    async fn ask(&self, app: &App, name: &str) -> Result<(), Error> {
        let Some(windows) = &self.windows else { return Ok(()) };
        let Some(decision) = windows.count(&app.state, name).await else { return Ok(()) };
        admit(&decision, "too many wrong tokens from this address")
    }
}
