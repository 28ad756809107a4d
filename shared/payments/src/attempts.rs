//! The keys under which attempts to pay are counted, and the moment when a count begins anew.
//!
//! Postgres decides on attempts. Redis counts them, too, and spares Postgres a caller that goes on
//! knocking. Both count under the same keys.
//!
//! Customers and addresses stand in keys as HMACs: nothing personal is in them. While the key of
//! these is being replaced, an attempt counts under each, so nobody begins anew.

use std::net::IpAddr;
use std::time::Duration;

use commerce::error::Error;
use commerce::pseudonym::{PseudonymKeys, Purpose, short_pseudonym};
pub use edge::limits::admit;
use edge::state::{Argument, KeyBuilder, Window, text};
use edge::{App, params};
use uuid::Uuid;

use crate::config::PaymentConfig;

/// The shorter window.
pub const HOUR: Duration = Duration::from_secs(3600);
/// The longer window.
pub const DAY: Duration = Duration::from_secs(24 * 3600);

/// After a payment the customer's count of the hour begins anew. `tags` are those of the write that
/// recorded the payment; the customer's is among them. If Postgres or Redis is away, the count
/// there runs out by itself.
pub async fn forget_paid(app: &App, hmac_keys: &PseudonymKeys, tags: &[String]) {
    let customer = |tag: &String| {
        let (organization, customer) = tag.strip_prefix("customer:")?.split_once('/')?;
        Some((Uuid::try_parse(organization).ok()?, Uuid::try_parse(customer).ok()?))
    };
    let keys: Vec<String> = tags
        .iter()
        .filter_map(customer)
        .flat_map(|(organization, customer)| {
            hmac_keys.each().map(move |key| hour_key(&customer_part(key, organization, customer)))
        })
        .collect();
    if !keys.is_empty() {
        let counted = keys.iter().map(|key| text(&app.state.prefixed(key))).collect::<Vec<Argument>>();
        let _ = edge::change(app, "attempt_forget", params![keys]).await;
        let _ = app.state.redis().command("DEL", counted).await;
    }
}

/// A customer's part of a key.
pub fn customer_part(hmac_key: &[u8], organization: Uuid, customer: Uuid) -> String {
    short_pseudonym(hmac_key, Purpose::LimitedCustomer, format!("{organization}/{customer}").as_bytes())
}

/// The key of a customer's attempts within an hour.
pub fn hour_key(customer: &str) -> String {
    rate().part(customer).part("hour").build()
}

/// The beginning of the keys of all limits.
pub fn rate() -> KeyBuilder {
    KeyBuilder::new("payment:rate")
}

/// The windows of what is counted by a client's address, one under each key of pseudonyms. `kind`
/// is part of each key.
///
/// # Errors
/// [`Error::Misconfigured`] without `hmac_key`.
pub fn windows_of_address(
    config: &PaymentConfig,
    kind: &str,
    address: IpAddr,
    window: Window,
) -> Result<Vec<(String, Window)>, Error> {
    let named = format!("{kind}/{address}");
    let places = config.hmac_keys()?.short_pseudonyms(Purpose::LimitedAddress, named.as_bytes());
    Ok(places.map(|address| (rate().part("ip").part(address).part(kind).build(), window)).collect())
}
