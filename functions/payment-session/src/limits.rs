//! How often somebody may try to pay.
//!
//! Customers are counted by who they are, so nobody can use up another's attempts. Addresses are
//! counted for customers only, since behind a service stands a shop with all its customers.
//! Customers and addresses stand in keys as HMACs.

use commerce::client_address::ClientAddress;
use commerce::error::Error;
use commerce::pseudonym::{Purpose, short_pseudonym};
use edge::App;
use edge::state::{LimitDecision, Window, Windows};
use futures_util::future::try_join;
use payments::attempts::{DAY, HOUR, customer_part, hour_key, rate};
use payments::config::AttemptLimits;
use uuid::Uuid;

/// What a conflict says of a request that somebody is at work on.
pub const IN_PROGRESS: &str = "in_progress";
/// How many customers of one address are told apart; more make no difference to a score.
const CUSTOMERS: u32 = 50;
/// What a caller is told if Redis is away.
const WITHOUT: &str = "attempts to pay can't be counted";

/// Somebody who tries to pay.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// The organisation that the customer is known to.
    pub organization: Uuid,
    /// Whose attempt it is.
    pub customer: Uuid,
    /// From where; `None` where it isn't to be limited by that.
    pub address: Option<ClientAddress>,
    /// What makes it the same attempt when it is sent again: principal and idempotency key.
    pub name: &'a str,
}

/// What was counted.
#[derive(Debug, Clone)]
pub struct Admission {
    /// What the limits say.
    pub decision: LimitDecision,
    /// How many customers have tried to pay from this address within a day.
    pub customers_on_address: Option<u32>,
    windows: Windows,
    /// The attempt's name in the windows.
    name: String,
}

impl Admission {
    /// Refuses what is beyond a limit.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`].
    pub fn admitted(&self) -> Result<(), Error> {
        admitted(&self.decision, "too many attempts to pay; this one counts, too")
    }

    /// What an attempt that was admitted ended in, with what its caller has left.
    pub fn told(&self, refusal: Error) -> Error {
        Error::Counted { refusal: Box::new(refusal), policy: self.decision.policy(), limit: self.decision.limit() }
    }

    /// What came of an attempt that was admitted. One that was refused for good is over: sent again
    /// it is another attempt, and counts. What may still come to something, because somebody is at
    /// work on it or away, goes on as the same attempt.
    pub async fn ended(&self, app: &App, refusal: &Error) {
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

/// Refuses what is beyond a limit, with what the caller is told of it.
///
/// # Errors
/// [`Error::TooManyRequests`].
pub fn admitted(decision: &LimitDecision, detail: &str) -> Result<(), Error> {
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

/// Counts an attempt.
///
/// # Errors
/// [`Error::Unavailable`] where Redis is away: an attempt that can't be counted isn't made.
pub async fn count(
    app: &App,
    limits: &AttemptLimits,
    hmac_key: &[u8],
    attempt: Attempt<'_>,
) -> Result<Admission, Error> {
    let customer = customer_part(hmac_key, attempt.organization, attempt.customer);
    let name = short_pseudonym(hmac_key, Purpose::Attempt, attempt.name.as_bytes());
    let window = |name, quota, length| Window { name, quota, length };
    let mut windows = vec![
        (hour_key(&customer), window("customer-hour", limits.customer_hour, HOUR)),
        (rate().part(&customer).part("day").build(), window("customer-day", limits.customer_day, DAY)),
    ];
    let Some(ClientAddress::Known(address)) = attempt.address else {
        let windows = Windows::of(windows);
        let decision = windows.count_or_fail(&app.state, &name, WITHOUT).await?;
        return Ok(Admission { decision, customers_on_address: None, windows, name });
    };
    let address = format!("{}/{address}", attempt.organization);
    let address = short_pseudonym(hmac_key, Purpose::LimitedAddress, address.as_bytes());
    let of_address = || rate().part("ip").part(&address);
    windows.push((of_address().build(), window("address-hour", limits.address_hour, HOUR)));
    // The same count tells how many customers there are: each is one attempt, however often it
    // comes.
    let customers = Windows::of(vec![(of_address().part("customers").build(), window("customers", CUSTOMERS, DAY))]);
    let windows = Windows::of(windows);
    let (decision, customers) = try_join(
        windows.count_or_fail(&app.state, &name, WITHOUT),
        customers.count_or_fail(&app.state, &customer, WITHOUT),
    )
    .await?;
    let customers_on_address = customers.count("customers").map(|count| count.used);
    Ok(Admission { decision, customers_on_address, windows, name })
}
