//! The holders of guest tokens. Postgres has only the tokens' HMACs and finds them by those, so no
//! comparison of tokens takes place, whose time could give one away.

use commerce::error::Error;
use commerce::guest::GuestToken;
use commerce::pseudonym::Purpose;
use edge::App;
use edge::request::Incoming;

use crate::address::client_address;
use crate::config::PaymentConfig;
use crate::guesses::Guesses;

/// A guest token as Postgres knows it.
pub struct TokenHmacs {
    /// Under the present key.
    pub newest: String,
    /// Under keys that are being replaced.
    pub older: Vec<String>,
}

impl TokenHmacs {
    /// Those of a token.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] without `hmac_key`.
    pub fn of(config: &PaymentConfig, guest: &GuestToken) -> Result<Self, Error> {
        let token = guest.bytes();
        let mut all = config.hmac_keys()?.pseudonyms(Purpose::GuestToken, &token);
        Ok(Self { newest: all.next().unwrap_or_default(), older: all.collect() })
    }
}

/// Does `work` for the holder of a token. Wrong tokens are counted by address, and an address with
/// too many is refused.
///
/// # Errors
/// [`Error::TooManyRequests`] after too many wrong ones; [`invalid`] is what makes one of them.
pub async fn with_token<T>(
    app: &'static App,
    config: &PaymentConfig,
    request: &Incoming,
    guest: Result<GuestToken, Error>,
    work: impl AsyncFnOnce(TokenHmacs) -> Result<T, Error>,
) -> Result<T, Error> {
    let guesses = Guesses::of(config, client_address(app, &config.trusted_proxies, request))?;
    guesses.admit(app).await?;
    let outcome = match guest.and_then(|guest| TokenHmacs::of(config, &guest)) {
        Ok(hmacs) => work(hmacs).await,
        Err(wrong) => Err(wrong),
    };
    if let Err(Error::Unauthenticated { .. }) = &outcome {
        guesses.wrong(app).await?;
    }
    outcome
}

/// The refusal of a token that opens nothing, for any reason.
pub fn invalid() -> Error {
    Error::unauthenticated("the token is wrong, has expired or was taken back")
}
