//! Limits on attempts to pay.
//!
//! Customers are counted by their identity, so no caller can use up another's attempts. Of a
//! service the address that it names for its shopper is counted, never its own: behind that stands
//! a shop with all its customers. Customers and addresses stand in keys as HMACs.

use commerce::client_address::ClientAddress;
use commerce::error::Error;
use commerce::pseudonym::{PseudonymKeys, Purpose, short_pseudonym};
use edge::state::{LimitDecision, Window, WindowCount, Windows};
use edge::{App, Row, params};
use payments::attempts::{DAY, HOUR, admit, customer_part, hour_key, rate};
use payments::config::AttemptLimits;
use uuid::Uuid;

/// The `current` of a conflict with a request that is still in work.
pub const IN_PROGRESS: &str = "in_progress";
/// The customers of one address within a day. More of them make no difference to a score.
const CUSTOMERS: Window = Window { name: "customers", quota: 50, length: DAY };

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
    /// The windows that limit, each with its key.
    windows: Vec<(String, Window)>,
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
            let params = params![
                self.windows.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>(),
                &*self.name,
                refused_name(),
                self.windows.iter().map(|(_, window)| i64::from(window.quota)).collect::<Vec<_>>(),
                self.windows.iter().map(|(_, window)| window.millis() as i64).collect::<Vec<_>>(),
            ];
            // If Postgres is away just now, no attempt is made meanwhile, and this one stays the
            // same. Of Redis it is enough that Postgres decides.
            let _ = edge::change(app, "attempt_refuse", params).await;
            Windows::of(self.windows.clone()).refuse(&app.state, &self.name).await;
        }
    }
}

/// Counts an attempt to pay. While `hmac_key` is being replaced, it counts under each key, so a
/// count goes on under the new one.
///
/// # Errors
/// As [`decide`].
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
            shared.push((of_address().part("customers").build(), customer));
        }
    }
    let (decision, customers_on_address) = decide(app, &windows, &name, &shared).await?;
    Ok(Admission { decision, customers_on_address, windows, name })
}

/// Counts an attempt of this name: in Redis, and in Postgres unless Redis refuses it. Postgres
/// decides, so no attempt passes uncounted while Redis is away, or has lost what it knew. The
/// attempt is also counted once under each `shared` name of a key, which limits nothing; gives the
/// most that are counted under one of those keys.
///
/// # Errors
/// The fault of Postgres: an attempt that can't be counted isn't made.
pub async fn decide(
    app: &App,
    windows: &[(String, Window)],
    name: &str,
    shared: &[(String, String)],
) -> Result<(LimitDecision, Option<u32>), Error> {
    // A caller that goes on knocking is refused here, and costs Postgres nothing.
    let in_redis = Windows::of(windows.to_vec()).count(&app.state, name).await;
    let in_redis = in_redis.unwrap_or_else(|| LimitDecision::new(Vec::new()));
    if !in_redis.admitted() {
        return Ok((in_redis, None));
    }
    let counts = counted(app, windows, name, shared).await?;
    let limiting = windows.iter().map(|(_, window)| *window).zip(counts.iter().copied());
    let decision = LimitDecision::new(limiting.collect()).and(in_redis);
    Ok((decision, counts.iter().skip(windows.len()).map(|count| count.used).max()))
}

/// Counts an attempt in Postgres: first in the windows that limit, then the shared names. Each of
/// those is one attempt there, however often it comes.
async fn counted(
    app: &App,
    windows: &[(String, Window)],
    name: &str,
    shared: &[(String, String)],
) -> Result<Vec<WindowCount>, Error> {
    let limiting = windows.iter().map(|(key, window)| (&**key, name, *window));
    let of_address = shared.iter().map(|(key, customer)| (&**key, &**customer, CUSTOMERS));
    let all: Vec<(&str, &str, Window)> = limiting.chain(of_address).collect();
    let params = params![
        all.iter().map(|(key, ..)| (*key).to_owned()).collect::<Vec<_>>(),
        all.iter().map(|(_, name, _)| (*name).to_owned()).collect::<Vec<_>>(),
        refused_name(),
        all.iter().map(|(.., window)| i64::from(window.quota)).collect::<Vec<_>>(),
        all.iter().map(|(.., window)| window.millis() as i64).collect::<Vec<_>>(),
        windows.len() as i32,
    ];
    let rows = edge::change(app, "attempt_count", params).await?;
    if rows.len() != all.len() {
        return Err(Error::internal("attempt_count gave no row for some window"));
    }
    rows.iter().map(window_count).collect()
}

/// A row of attempt_count.
fn window_count(row: &Row) -> Result<WindowCount, Error> {
    Ok(WindowCount {
        admitted: row.int("admitted")? == Some(1),
        used: u32::try_from(row.int("used")?.unwrap_or_default()).unwrap_or(u32::MAX),
        frees_in_ms: u64::try_from(row.int("frees_ms")?.unwrap_or_default()).unwrap_or_default(),
    })
}

/// A name for an attempt that was refused: it counts however often it comes.
fn refused_name() -> String {
    format!("refused/{}", Uuid::new_v4().simple())
}
