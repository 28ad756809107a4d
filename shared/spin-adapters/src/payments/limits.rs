//! How often somebody may try to pay: counted in Redis by one script for all windows. Redis is one primary, so all keys are in its reach;
//! asked one by one, windows would let fewer attempts pass than may, where many come at once.
//!
//! Customers are counted by who they are, so nobody can use up somebody else's attempts; addresses are counted for customers only, since
//! behind a service stands a shop with all its customers. Customers and addresses stand in keys as HMACs.

use std::time::Duration;

use cache_logic::key::KeyBuilder;
use cache_logic::limit::{Count, Decision, Window};
use cache_logic::ports::CacheFault;
use commerce::client_address::ClientAddress;
use commerce::error::Error;
use commerce::pseudonym::{Purpose, short_pseudonym};
use futures_util::future::try_join;
use spin_sdk::redis::{RedisParameter, RedisResult};
use uuid::Uuid;

use super::config::AttemptLimits;
use super::state::patiently;
use crate::backend::Backend;
use crate::clock::token;
use crate::redis::{Redis, Script, hex, millis, text};

pub(super) const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// What a conflict says of a request that somebody is at work on.
pub const IN_PROGRESS: &str = "in_progress";
/// How many customers of one address are told apart; more make no difference to a score.
const CUSTOMERS: u32 = 50;

static LIMIT: Script = Script::new(include_str!("../lua/limit.lua"));
static REFUSE: Script = Script::new(include_str!("../lua/limit_refuse.lua"));

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
pub struct Counted {
    /// What the limits say.
    pub decision: Decision,
    /// How many customers have tried to pay from this address within a day.
    pub customers_on_address: Option<u32>,
    windows: Windows,
    /// The attempt's name in the windows.
    name: String,
}

/// Windows that are asked together, each with its key.
#[derive(Debug, Clone)]
pub(super) struct Windows(Vec<(String, Window)>);

impl Counted {
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

    /// What came of an attempt that was admitted. One that was refused for good is over: sent again it is another attempt, and counts. What
    /// may still come to something, because somebody is at work on it or away, goes on as the same attempt.
    pub async fn ended(&self, backend: &Backend, refusal: &Error) {
        let open = match refusal {
            Error::Conflict { current, .. } => current.as_deref() == Some(IN_PROGRESS),
            Error::Unprocessable(_) | Error::NotFound { .. } | Error::Invalid(_) | Error::Forbidden { .. } => false,
            _ => true,
        };
        if !open {
            let keys = self.windows.keys(backend);
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            let call = async |redis: &Redis| redis.script(&REFUSE, &keys, self.windows.arguments(&self.name)).await;
            // Where Redis is away just now, no attempt is made meanwhile, and this one stays the same.
            let _ = patiently(backend, "attempts to pay can't be counted", call).await;
        }
    }
}

impl Windows {
    pub(super) fn of(windows: Vec<(String, Window)>) -> Self {
        Self(windows)
    }

    fn keys(&self, backend: &Backend) -> Vec<String> {
        self.0.iter().map(|(key, _)| backend.prefixed(key)).collect()
    }

    fn arguments(&self, name: &str) -> Vec<RedisParameter> {
        let mut arguments = vec![text(name), hex(token())];
        for (_, window) in &self.0 {
            arguments.extend([RedisParameter::Int64(window.quota.into()), millis(window.length)]);
        }
        arguments
    }

    /// What limit.lua's answer comes to; `None` where it is none.
    fn decision(&self, answer: &[RedisResult]) -> Option<Decision> {
        let counts: Option<Vec<Count>> = answer.chunks(3).map(count_of).collect();
        let counts = counts.filter(|counts| counts.len() == self.0.len())?;
        Some(Decision::new(self.0.iter().map(|(_, window)| *window).zip(counts).collect()))
    }

    /// Counts what bears this name; of the empty name it only says whether there is room. `None` where Redis is away: for what is done all
    /// the same then.
    pub(super) async fn count(&self, backend: &Backend, name: &str) -> Option<Decision> {
        let keys = self.keys(backend);
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let (answer, _) = backend.state().script(&LIMIT, &keys, self.arguments(name)).await.ok()?;
        self.decision(&answer)
    }

    /// The same, with the patience of what isn't done where it can't be counted. An attempt that was admitted counts once, whoever asks
    /// again; one that was refused may count twice.
    async fn count_patiently(&self, backend: &Backend, name: &str) -> Result<Decision, Error> {
        let keys = self.keys(backend);
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let call = async |redis: &Redis| {
            let (answer, _) = redis.script(&LIMIT, &keys, self.arguments(name)).await?;
            self.decision(&answer).ok_or_else(|| CacheFault::Protocol("limit.lua gave no counts".into()))
        };
        patiently(backend, "attempts to pay can't be counted", call).await
    }
}

/// Refuses what is beyond a limit, with what the caller is told of it.
///
/// # Errors
/// [`Error::TooManyRequests`].
pub(super) fn admitted(decision: &Decision, detail: &str) -> Result<(), Error> {
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
    backend: &Backend,
    limits: &AttemptLimits,
    hmac_key: &[u8],
    attempt: Attempt<'_>,
) -> Result<Counted, Error> {
    let customer = customer_part(hmac_key, attempt.organization, attempt.customer);
    let name = short_pseudonym(hmac_key, Purpose::Attempt, attempt.name.as_bytes());
    let window = |name, quota, length| Window { name, quota, length };
    let mut windows = vec![
        (hour_key(&customer), window("customer-hour", limits.customer_hour, HOUR)),
        (rate().part(&customer).part("day").build(), window("customer-day", limits.customer_day, DAY)),
    ];
    let Some(ClientAddress::Known(address)) = attempt.address else {
        let windows = Windows(windows);
        let decision = windows.count_patiently(backend, &name).await?;
        return Ok(Counted { decision, customers_on_address: None, windows, name });
    };
    let address = format!("{}/{address}", attempt.organization);
    let address = short_pseudonym(hmac_key, Purpose::LimitedAddress, address.as_bytes());
    let of_address = || rate().part("ip").part(&address);
    windows.push((of_address().build(), window("address-hour", limits.address_hour, HOUR)));
    // The same count tells how many customers there are: each is one attempt, however often it comes.
    let customers = Windows(vec![(of_address().part("customers").build(), window("customers", CUSTOMERS, DAY))]);
    let windows = Windows(windows);
    let (decision, customers) =
        try_join(windows.count_patiently(backend, &name), customers.count_patiently(backend, &customer)).await?;
    let customers_on_address = customers.count("customers").map(|count| count.used);
    Ok(Counted { decision, customers_on_address, windows, name })
}

/// Somebody has paid: their count of the hour begins anew. `tags` are those of the write that recorded the payment, among them the
/// customer's. Where Redis is away the count runs out by itself.
pub async fn paid(backend: &Backend, hmac_key: &[u8], tags: &[String]) {
    let customer = |tag: &String| {
        let (organization, customer) = tag.strip_prefix("customer:")?.split_once('/')?;
        Some((Uuid::try_parse(organization).ok()?, Uuid::try_parse(customer).ok()?))
    };
    let keys: Vec<RedisParameter> = tags
        .iter()
        .filter_map(customer)
        .map(|(organization, customer)| hour_key(&customer_part(hmac_key, organization, customer)))
        .map(|key| text(&backend.prefixed(&key)))
        .collect();
    if !keys.is_empty() {
        let _ = backend.state().command("DEL", keys).await;
    }
}

fn customer_part(hmac_key: &[u8], organization: Uuid, customer: Uuid) -> String {
    short_pseudonym(hmac_key, Purpose::LimitedCustomer, format!("{organization}/{customer}").as_bytes())
}

fn hour_key(customer: &str) -> String {
    rate().part(customer).part("hour").build()
}

pub(super) fn rate() -> KeyBuilder {
    KeyBuilder::new("payment:rate")
}

fn count_of(answer: &[RedisResult]) -> Option<Count> {
    match answer {
        [RedisResult::Int64(room), RedisResult::Int64(used), RedisResult::Int64(frees)] => Some(Count {
            admitted: *room == 1,
            used: u32::try_from(*used).unwrap_or(u32::MAX),
            frees_in_ms: u64::try_from(*frees).unwrap_or_default(),
        }),
        _ => None,
    }
}
