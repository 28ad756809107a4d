//! Limits on attempts to pay.
//!
//! Customers are counted by their identity, so no caller can use up another's attempts. Of a
//! service the address that it names for its shopper is counted, never its own: behind that stands
//! a shop with all its customers. Customers and addresses stand in keys as HMACs.

use commerce::client_address::ClientAddress;
use commerce::error::Error;
use commerce::pseudonym::{PseudonymKeys, Purpose, short_pseudonym};
use edge::App;
use edge::state::{LimitDecision, Window, Windows};
use futures_util::future::{try_join, try_join_all};
use payments::attempts::{DAY, HOUR, customer_part, hour_key, rate};
use payments::config::AttemptLimits;
use uuid::Uuid;

/// The `current` of a conflict with a request that is still in work.
pub const IN_PROGRESS: &str = "in_progress";
/// How many customers of one address are told apart; more make no difference to a score.
const CUSTOMERS: u32 = 50;
/// The detail of the refusal if Redis is away.
const WITHOUT: &str = "attempts to pay can't be counted";

/// One attempt to pay.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// The organisation that the customer is known to.
    pub organization: Uuid,
    /// The customer that pays.
    pub customer: Uuid,
    /// The address that it comes from; `None` if it isn't limited by address.
    pub address: Option<ClientAddress>,
    /// Principal and idempotency key: the same attempt, sent again, has the same name.
    pub name: &'a str,
}

/// The count of one attempt.
#[derive(Debug, Clone)]
pub struct Admission {
    /// The limits' decision.
    pub decision: LimitDecision,
    /// How many customers have tried to pay from this address within a day.
    pub customers_on_address: Option<u32>,
    windows: Windows,
    /// The attempt's name in the windows.
    name: String,
}

impl Admission {
    /// Refuses an attempt beyond a limit.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`].
    pub fn admit(&self) -> Result<(), Error> {
        admit(&self.decision, "too many attempts to pay; this one counts, too")
    }

    /// The refusal of an admitted attempt, with the attempts that its caller has left.
    pub fn with_limits(&self, refusal: Error) -> Error {
        Error::Counted { refusal: Box::new(refusal), policy: self.decision.policy(), limit: self.decision.limit() }
    }

    /// Closes an admitted attempt that ended in `refusal`. A final refusal ends it: the same
    /// request again is another attempt, and counts. If it may still succeed, because the request
    /// is in work or the provider is away, it stays the same attempt.
    pub async fn close(&self, app: &App, refusal: &Error) {
        let open = match refusal {
            Error::Conflict { current, .. } => current.as_deref() == Some(IN_PROGRESS),
            Error::Unprocessable(_) | Error::NotFound { .. } | Error::Invalid(_) | Error::Forbidden { .. } => false,
            _ => true,
        };
        if !open {
            // If Redis is away just now, no attempt is made meanwhile, and this one stays the same.
            let _ = self.windows.refuse(&app.state, &self.name, WITHOUT).await;
        }
    }
}

/// Refuses an attempt beyond a limit, with the limit and the detail.
///
/// # Errors
/// [`Error::TooManyRequests`].
pub fn admit(decision: &LimitDecision, detail: &str) -> Result<(), Error> {
    match decision.retry_after() {
        None => Ok(()),
        Some(retry_after_seconds) => Err(Error::TooManyRequests {
            detail: detail.into(),
            retry_after_seconds,
            policy: decision.policy(),
            limit: decision.limit(),
        }),
    }
}

/// Counts an attempt. While `hmac_key` is being replaced, it counts under each key, so a count goes
/// on under the new one.
///
/// # Errors
/// [`Error::Unavailable`] if Redis is away: an attempt that can't be counted isn't made.
pub async fn count(
    app: &App,
    limits: &AttemptLimits,
    hmac_keys: &PseudonymKeys,
    attempt: Attempt<'_>,
) -> Result<Admission, Error> {
    let name = hmac_keys.short_pseudonym(Purpose::Attempt, attempt.name.as_bytes());
    let window = |name, quota, length| Window { name, quota, length };
    let mut windows = Vec::new();
    let mut shared = Vec::new();
    for key in hmac_keys.each() {
        let customer = customer_part(key, attempt.organization, attempt.customer);
        windows.push((hour_key(&customer), window("customer-hour", limits.customer_hour, HOUR)));
        let day = rate().part(&customer).part("day").build();
        windows.push((day, window("customer-day", limits.customer_day, DAY)));
        if let Some(ClientAddress::Known(address)) = attempt.address {
            let address = format!("{}/{address}", attempt.organization);
            let address = short_pseudonym(key, Purpose::LimitedAddress, address.as_bytes());
            let of_address = || rate().part("ip").part(&address);
            windows.push((of_address().build(), window("address-hour", limits.address_hour, HOUR)));
            // The same kind of count gives the number of customers: each is one attempt, however
            // often it comes.
            let customers = of_address().part("customers").build();
            shared.push((Windows::of(vec![(customers, window("customers", CUSTOMERS, DAY))]), customer));
        }
    }
    let windows = Windows::of(windows);
    let customers = shared.iter().map(|(windows, customer)| windows.count_or_fail(&app.state, customer, WITHOUT));
    let (decision, customers) =
        try_join(windows.count_or_fail(&app.state, &name, WITHOUT), try_join_all(customers)).await?;
    let used = customers.iter().filter_map(|customers| customers.count("customers")).map(|count| count.used);
    Ok(Admission { decision, customers_on_address: used.max(), windows, name })
}
