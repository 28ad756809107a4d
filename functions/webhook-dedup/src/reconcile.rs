//! A provider's own list of events is gone through for those that never arrived: by an operator or
//! a scheduler, or as a job.

use commerce::error::Error;
use commerce::gateway::GatewayError;
use commerce::provider::Provider;
use commerce::time::Moment;
use commerce::webhook::event::Event;
use commerce::webhook::requests::Reconciliation;
use serde_json::{Value, json};

use edge::clock::{monotonic_millis, now_millis};
use edge::jobs::{self, Job, Step};
use edge::{App, Call, Reply, params};
use payments::{Payments, needs};

use crate::apply::{Cause, Effect};
use crate::deliver::{Delivery, account, fingerprint};
use crate::operators::{Counts, PATIENCE_MS};
use crate::resume::RECONCILED;
use crate::verify::{Treatment, Verification};

/// `POST /webhooks/reconcile`: goes through the provider's own list of events and takes in those
/// that never arrived.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators; the error that the provider or Postgres gave.
pub async fn reconcile(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    let wanted = Reconciliation::parse(call.query(), Moment::of_millis(now_millis()).0)?;
    caller.require_operator("a reconciliation")?;
    let payments = Payments::ready().await?;
    let payments = match &wanted.account {
        None => payments,
        Some(account) => payments
            .account(wanted.provider, account)
            .ok_or_else(|| Error::invalid("account", "this deployment has no credentials for it"))?,
    };
    let began = monotonic_millis();
    let mut walk = Walk::begin(&wanted);
    loop {
        walk.page(app, payments, || true).await?;
        if walk.is_over || monotonic_millis().saturating_sub(began) >= PATIENCE_MS {
            break;
        }
    }
    let mut body = walk.to_json();
    body["provider"] = json!(wanted.provider.as_str());
    body["since"] = json!(wanted.since.to_rfc3339());
    body["next"] = json!(walk.page);
    Ok(Reply::fresh(200, body.to_string()))
}

/// The same as a job: what the provider has listed since the last whole run, and some hours before.
///
/// # Errors
/// The error that the provider or Postgres gave.
pub async fn step(app: &'static App, job: &Job, provider: Provider) -> Result<Step, Error> {
    let payments = Payments::ready().await?;
    if needs::for_calls(&payments.config, provider).is_err() {
        return Ok(Step::of(json!({ "skipped": "not configured" }), false));
    }
    let now = Moment::of_millis(now_millis()).0;
    let wanted = Reconciliation::of_job(provider, now, job.since, job.cursor.as_deref());
    let (began, patience) = (monotonic_millis(), jobs::STEP.as_millis() as u64);
    let in_time = || monotonic_millis().saturating_sub(began) < patience;
    let mut walk = Walk::begin(&wanted);
    while !walk.is_over && in_time() {
        walk.page(app, payments, in_time).await?;
    }
    let cursor = (!walk.is_over).then(|| wanted.cursor(walk.page.as_deref()));
    Ok(Step::up_to(walk.to_json(), cursor))
}

/// A walk through a provider's list.
struct Walk<'a> {
    wanted: &'a Reconciliation,
    /// The page that comes next; `None`: the first, or none any more.
    page: Option<String>,
    /// The last page is done.
    is_over: bool,
    counts: Counts,
    listed: usize,
    missing: u32,
}

impl<'a> Walk<'a> {
    fn begin(wanted: &'a Reconciliation) -> Self {
        let page = wanted.page.clone();
        Self { wanted, page, is_over: false, counts: Counts::default(), listed: 0, missing: 0 }
    }

    /// Takes in what is missing of one page. If it stops before the end of the page, since
    /// `in_time` says no, that page comes again: what was taken in isn't missing then.
    async fn page(&mut self, app: &'static App, payments: &Payments, in_time: impl Fn() -> bool) -> Result<(), Error> {
        let provider = self.wanted.provider;
        let found = match payments.gateway.events(provider, self.wanted.since, self.page.as_deref()).await {
            Err(GatewayError::NotYet | GatewayError::Refused { .. })
                if self.page.is_some() && self.page == self.wanted.page =>
            {
                return Err(Error::invalid("page", "the provider knows no such page"));
            }
            found => found?,
        };
        self.listed += found.events.len();
        let mut events: Vec<(Event, Vec<u8>)> = Vec::new();
        for event in found.events {
            match Event::read(provider, &event.body) {
                Ok(read) => events.push((read, event.body)),
                Err(_) => self.counts.failed += 1,
            }
        }
        let absent = absent(app, payments, provider, &events).await?;
        for (event, body) in events.into_iter().filter(|(event, _)| absent.contains(&event.id)) {
            if !in_time() {
                return Ok(());
            }
            self.missing += 1;
            self.counts.add(&adopt(app, payments, provider, event, body).await);
        }
        self.page = found.next;
        self.is_over = self.page.is_none();
        Ok(())
    }

    fn to_json(&self) -> Value {
        json!({ "listed": self.listed, "missing": self.missing, "outcomes": self.counts.to_json() })
    }
}

/// The ids of these events that aren't stored. Another body under the same id doesn't count: it may
/// be forged.
async fn absent(
    app: &'static App,
    payments: &Payments,
    provider: Provider,
    events: &[(Event, Vec<u8>)],
) -> Result<Vec<String>, Error> {
    let mut absent = Vec::new();
    let mut accounts: Vec<String> = events.iter().map(|(event, _)| account(payments, provider, event)).collect();
    accounts.sort();
    accounts.dedup();
    for owner in accounts {
        let own = || events.iter().filter(|(event, _)| account(payments, provider, event) == owner);
        let ids: Vec<String> = own().map(|(event, _)| event.id.clone()).collect();
        let kinds: Vec<String> = own().map(|(event, _)| event.kind.clone()).collect();
        let resources: Vec<String> = own().map(|(event, _)| event.resource().unwrap_or_default()).collect();
        let fingerprints: Vec<String> = own().map(|(event, body)| fingerprint(provider, event, body)).collect();
        let params = params![provider.as_str(), owner, ids, kinds, resources, fingerprints];
        for row in edge::query(app, "webhook_missing", params).await? {
            absent.extend(row.text("event_id")?.map(str::to_owned));
        }
    }
    Ok(absent)
}

/// Stores an event from the provider's list and lets it take effect. It came from the API itself,
/// with our credentials; that proves more than a signature.
async fn adopt(
    app: &'static App,
    payments: &Payments,
    provider: Provider,
    event: Event,
    body: Vec<u8>,
) -> Result<Effect, Cause> {
    let verification = Verification { treatment: Treatment::Apply, transmission: None };
    let delivery = Delivery::new(payments, provider, verification, json!({ RECONCILED: true }), event, body);
    delivery.record_and_apply(app, payments).await.map_err(Cause::ours)
}
