//! How often somebody may try to pay: counted in Redis, one script for each window, all at once.
//!
//! Customers are counted by who they are, so nobody can use up somebody else's attempts; addresses are counted for customers only, since
//! behind a service stands a shop with all its customers. Customers and addresses stand in keys as HMACs.

use std::sync::LazyLock;
use std::time::Duration;

use cache_logic::key::KeyBuilder;
use cache_logic::limit::{Count, Decision, Window};
use commerce::client_address::ClientAddress;
use commerce::error::Error;
use commerce::pseudonym::{Purpose, short_pseudonym};
use futures_util::future::join_all;
use spin_sdk::redis::{RedisParameter, RedisResult};
use uuid::Uuid;

use super::config::AttemptLimits;
use super::state::patiently;
use crate::backend::Backend;
use crate::clock::token;
use crate::redis::{Redis, Script, millis, text};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// How many customers of one address are told apart; more make no difference to a score.
const CUSTOMERS: u32 = 50;

static LIMIT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("../lua/limit.lua")));

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
}

impl Counted {
    /// Refuses what is beyond a limit.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`].
    pub fn admitted(&self) -> Result<(), Error> {
        match self.decision.retry_after() {
            None => Ok(()),
            Some(retry_after_seconds) => Err(Error::TooManyRequests {
                detail: "too many attempts to pay; this one counts, too".into(),
                retry_after_seconds,
                policy: self.decision.policy(),
                limit: self.decision.limit(),
            }),
        }
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
    let rate = || KeyBuilder::new("payment:rate");
    let mut asked = vec![
        (hour_key(&customer), window("customer-hour", limits.customer_hour, HOUR), &name),
        (rate().part(&customer).part("day").build(), window("customer-day", limits.customer_day, DAY), &name),
    ];
    let address = match attempt.address {
        Some(ClientAddress::Known(address)) => {
            let value = format!("{}/{address}", attempt.organization);
            Some(short_pseudonym(hmac_key, Purpose::LimitedAddress, value.as_bytes()))
        }
        _ => None,
    };
    if let Some(address) = &address {
        let of_address = || rate().part("ip").part(address);
        asked.push((of_address().build(), window("address-hour", limits.address_hour, HOUR), &name));
        // The same count tells how many customers there are: each is one attempt, however often it comes.
        asked.push((of_address().part("customers").build(), window("customers", CUSTOMERS, DAY), &customer));
    }
    let counts = join_all(asked.iter().map(|(key, window, name)| ask(backend, key, window, name))).await;
    let counts = counts.into_iter().collect::<Result<Vec<Count>, Error>>()?;
    let mut windows: Vec<(Window, Count)> = asked.iter().map(|(_, window, _)| *window).zip(counts).collect();
    let customers = if address.is_some() { windows.pop() } else { None };
    Ok(Counted { decision: Decision::new(windows), customers_on_address: customers.map(|(_, count)| count.used) })
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
    KeyBuilder::new("payment:rate").part(customer).part("hour").build()
}

async fn ask(backend: &Backend, key: &str, window: &Window, name: &str) -> Result<Count, Error> {
    let key = backend.prefixed(key);
    let refused = text(&format!("{:032x}", token()));
    let arguments = vec![text(name), refused, RedisParameter::Int64(window.quota.into()), millis(window.length)];
    // An attempt that was admitted counts once, whoever asks again; one that was refused counts, and may count twice.
    let call = async |redis: &Redis| redis.script(&LIMIT, &[&key], arguments.clone()).await;
    let (answer, _) = patiently(backend, "attempts to pay can't be counted", call).await?;
    match answer.as_slice() {
        [RedisResult::Int64(admitted), RedisResult::Int64(used), RedisResult::Int64(frees)] => Ok(Count {
            admitted: *admitted == 1,
            used: u32::try_from(*used).unwrap_or(u32::MAX),
            frees_in_ms: u64::try_from(*frees).unwrap_or_default(),
        }),
        _ => Err(Error::internal("limit.lua gave no count")),
    }
}
