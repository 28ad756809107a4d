//! A provider's own list of events is gone through for those that never arrived: by an operator or
//! a scheduler, or as a job.

use commerce::error::Error;
use commerce::gateway::GatewayError;
use commerce::provider::Provider;
use commerce::time::Moment;
use commerce::webhook::event::Event;
use commerce::webhook::requests::{Reconciliation, ReconciliationRun};
use serde_json::{Value, json};

use edge::clock::{monotonic_millis, now_millis};
use edge::jobs::{self, Job, Step};
use edge::log::{self, Level};
use edge::{App, Call, Reply, params};
use payments::needs::configured_account;
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
    let mut walk = Walk::begin(wanted.provider, wanted.since, wanted.page.clone());
    let mut found = Found::default();
    loop {
        walk.page(app, payments, &mut found, || true).await?;
        if walk.is_over || monotonic_millis().saturating_sub(began) >= PATIENCE_MS {
            break;
        }
    }
    let mut body = found.to_json();
    body["provider"] = json!(wanted.provider.as_str());
    body["since"] = json!(wanted.since.to_rfc3339());
    body["next"] = json!(walk.page);
    Ok(Reply::fresh(200, body.to_string()))
}

/// The same as a job: what each account has listed since the last whole run, and some hours before.
/// An account whose list can't be read keeps no other one back, but the run has failed then.
///
/// # Errors
/// The error that Postgres or, behind the last account, a provider gave.
pub async fn step(app: &'static App, job: &Job, provider: Provider) -> Result<Step, Error> {
    let payments = Payments::ready().await?;
    let is_ready = |of: &&Payments| needs::for_calls(&of.config, provider).is_ok();
    let accounts: Vec<&Payments> = payments.accounts(provider).filter(is_ready).collect();
    if accounts.is_empty() {
        return Ok(Step::of(json!({ "skipped": "not configured" }), false));
    }
    let now = Moment::of_millis(now_millis()).0;
    let mut run = ReconciliationRun::of_job(now, job.since, job.cursor.as_deref());
    let (began, patience) = (monotonic_millis(), jobs::STEP.as_millis() as u64);
    let in_time = || monotonic_millis().saturating_sub(began) < patience;
    let name = |of: &Payments| configured_account(&of.config, provider).to_owned();
    // One that has lost its credentials since the last step isn't found: the run begins anew.
    let stopped_at = accounts.iter().position(|of| run.account.as_ref() == Some(&name(of)));
    let page = run.page.take().filter(|_| stopped_at.is_some());
    let mut walk = Walk::begin(provider, Moment(run.since), page);
    let (mut found, mut failure) = (Found::default(), None);
    for of in &accounts[stopped_at.unwrap_or(0)..] {
        while !walk.is_over {
            if !in_time() {
                (run.account, run.page) = (Some(name(of)), walk.page);
                return Ok(Step::up_to(found.to_json(), Some(run.cursor())));
            }
            if let Err(error) = walk.page(app, of, &mut found, in_time).await {
                log::say(Level::Warn, "reconcile", format_args!("the events of {} can't be listed: {error}", name(of)));
                (run.failed, failure) = (true, failure.or(Some(error)));
                break;
            }
        }
        walk = Walk::begin(provider, Moment(run.since), None);
    }
    match failure {
        Some(error) => Err(error),
        None if run.failed => Err(Error::Unavailable {
            detail: "an account's events couldn't be listed".to_owned(),
            retry_after_seconds: 1,
        }),
        None => Ok(Step::of(found.to_json(), false)),
    }
}

/// A walk through the list of one account.
struct Walk {
    provider: Provider,
    since: Moment,
    /// The page that it began at.
    first: Option<String>,
    /// The page that comes next; `None`: the first, or none any more.
    page: Option<String>,
    /// The last page is done.
    is_over: bool,
}

/// The events that were listed.
#[derive(Default)]
struct Found {
    counts: Counts,
    listed: usize,
    missing: u32,
}

impl Found {
    fn to_json(&self) -> Value {
        json!({ "listed": self.listed, "missing": self.missing, "outcomes": self.counts.to_json() })
    }
}

impl Walk {
    fn begin(provider: Provider, since: Moment, page: Option<String>) -> Self {
        Self { provider, since, first: page.clone(), page, is_over: false }
    }

    /// Takes in what is missing of one page. If it stops before the end of the page, since
    /// `in_time` says no, that page comes again: what was taken in isn't missing then.
    async fn page(
        &mut self,
        app: &'static App,
        payments: &Payments,
        found: &mut Found,
        in_time: impl Fn() -> bool,
    ) -> Result<(), Error> {
        let provider = self.provider;
        let page = match payments.gateway.events(provider, self.since, self.page.as_deref()).await {
            Err(GatewayError::NotYet | GatewayError::Refused { .. })
                if self.page.is_some() && self.page == self.first =>
            {
                return Err(Error::invalid("page", "the provider knows no such page"));
            }
            page => page?,
        };
        found.listed += page.events.len();
        let mut events: Vec<(Event, Vec<u8>)> = Vec::new();
        for event in page.events {
            match Event::read(provider, &event.body) {
                Ok(read) => events.push((read, event.body)),
                Err(_) => found.counts.failed += 1,
            }
        }
        let absent = absent(app, payments, provider, &events).await?;
        for (event, body) in events.into_iter().filter(|(event, _)| absent.contains(&event.id)) {
            if !in_time() {
                return Ok(());
            }
            found.missing += 1;
            found.counts.add(&adopt(app, payments, provider, event, body).await);
        }
        self.page = page.next;
        self.is_over = self.page.is_none();
        Ok(())
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
