//! A delivery of a provider, from the raw bytes to the answer.
//!
//! It is verified, claimed in Redis, stored, proved, applied, answered. Only a durable event is
//! answered 2xx; after any other answer the provider comes again. A duplicate of an event that has
//! taken effect costs one round trip to Redis. A first delivery costs two statements, or one if
//! its own body proves it.

use commerce::error::Error;
use commerce::hex;
use commerce::outcome::{Outcome, RecordOutcome};
use commerce::provider::Provider;
use commerce::query::parse_none;
use commerce::webhook::event::{Event, ProviderObject, Subject};
use commerce::webhook::{Headers, Reason, keys};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use edge::call::whole_body;
use edge::state::Claim;
use edge::{App, Json, Open, Param, Reply, Row, params};
use payments::needs::configured_account;
use payments::{Payments, objects};

use crate::Deliveries;
use crate::apply::{Cause, Effect, apply, postpone, told, unavailable};
use crate::verify::{Treatment, Verification, asks_back, evidence, of_mode, refused, verify};

/// `Retry-After` for an event that another delivery works on, in seconds.
const IN_WORK: u32 = 1;
/// `Retry-After` for an event that waits for its order or its payment, in seconds.
const WAITING: u32 = 10;
/// `Retry-After` for one more body of a transmission that has had too many, in seconds.
const TOO_MANY: u32 = 3600;

/// `POST /webhooks/paypal` and `POST /webhooks/stripe`: takes one delivery in.
///
/// # Errors
/// [`Error::Refused`] if it doesn't verify. [`Error::Unavailable`] if it is to be delivered again.
pub async fn deliver(Open { request, .. }: Open<'_>, provider: Provider) -> Result<Reply, Error> {
    parse_none(request.query.as_deref())?;
    let app = App::ready().await?;
    let payments = Payments::ready().await?;
    let deliveries = Deliveries::here();
    let body = whole_body(request).await?;
    let headers = Headers::new(request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
    let (payments, verification) = verify(provider, app, payments, deliveries, &headers, &body).await?;
    let event = Event::read(provider, &body).map_err(refused)?;
    speaks_for(payments, provider, &event)?;
    let verification = match provider {
        Provider::PayPal => verification,
        Provider::Stripe => of_mode(&payments.config, event.livemode, verification)?,
    };
    let delivery = Delivery::new(payments, provider, verification, evidence(provider, &headers), event, body);
    let key = keys::claim(
        provider,
        &delivery.account,
        delivery.event.transaction(),
        &delivery.event.id,
        &delivery.fingerprint,
    );
    let permit = match deliveries.claims.claim(&app.state, &key).await {
        Claim::Won(permit) => permit,
        Claim::Applied => return answer(&Effect::AlreadyProcessed, &delivery.event.id),
        Claim::Elsewhere => {
            let detail = "another delivery of this event is in work".to_owned();
            return Err(Error::Unavailable { detail, retry_after_seconds: IN_WORK });
        }
    };
    let work = delivery.work(app, payments, &headers);
    let outcome = deliveries.claims.working(&app.state, &key, &permit, work).await;
    let applied = matches!(outcome, Ok(Effect::Processed | Effect::AlreadyProcessed));
    deliveries.claims.finish(&app.state, &key, permit, applied.then_some(payments.config.webhook_ttl)).await;
    answer(&outcome?, &delivery.event.id)
}

/// Refuses an event of Stripe that names another account which has credentials of its own here, and
/// any other account if it is signed with those of a further account. The holder of one account's
/// secret could move another's money by it.
///
/// # Errors
/// [`Error::Refused`].
fn speaks_for(signer: &Payments, provider: Provider, event: &Event) -> Result<(), Error> {
    let Some(named) = event.account.as_deref().filter(|_| provider == Provider::Stripe) else { return Ok(()) };
    let own = named == configured_account(&signer.config, provider);
    // Only the account of the variables may be a platform, whose connected accounts are theirs.
    let connected = signer.is_first() && signer.account(provider, named).is_none();
    if own || connected { Ok(()) } else { Err(refused(Reason::AccountMismatch)) }
}

/// The account that an event belongs to: ours, or the connected one that Stripe names.
pub(super) fn account(payments: &Payments, provider: Provider, event: &Event) -> String {
    match provider {
        Provider::PayPal => payments.config.paypal.account.clone(),
        Provider::Stripe => event.account.clone().unwrap_or_else(|| payments.config.stripe.account.clone()),
    }
}

/// The mark of an event among those of its id and account, the hexadecimal digits of a SHA-256. A
/// PayPal body can be another one under the same signature, so there it is the body's. A Stripe
/// event is what its id says, in whatever bytes it comes: deliveries that are still pending are
/// counted in it, and lists write it in their own way.
pub(super) fn fingerprint(provider: Provider, event: &Event, body: &[u8]) -> String {
    let bytes = match provider {
        Provider::PayPal => body,
        Provider::Stripe => event.id.as_bytes(),
    };
    hex::encode(&Sha256::digest(bytes))
}

/// A delivery that verifies.
pub(super) struct Delivery {
    provider: Provider,
    account: String,
    /// The mark of this event among those of its id.
    fingerprint: String,
    transmission: Option<String>,
    /// JSON of the headers that the signature stands in.
    evidence: String,
    treatment: Treatment,
    body: Vec<u8>,
    event: Event,
}

impl Delivery {
    /// A delivery that is treated as its verification says, unless its event can't be read.
    pub(super) fn new(
        payments: &Payments,
        provider: Provider,
        verification: Verification,
        evidence: Value,
        event: Event,
        body: Vec<u8>,
    ) -> Self {
        let treatment = match (verification.treatment, &event.subject) {
            (Treatment::Apply, Subject::Unreadable) => Treatment::Review(Reason::EventMalformed),
            (treatment, _) => treatment,
        };
        Self {
            provider,
            account: account(payments, provider, &event),
            fingerprint: fingerprint(provider, &event, &body),
            transmission: verification.transmission,
            evidence: evidence.to_string(),
            treatment,
            body,
            event,
        }
    }

    async fn work(&self, app: &'static App, payments: &Payments, headers: &Headers<'_>) -> Result<Effect, Error> {
        if asks_back(&payments.config, self.provider) && self.treatment == Treatment::Apply {
            // PayPal doesn't know the simulator's events, and an operator looks at old ones anyway.
            match payments.gateway.post_back(headers, &self.body).await {
                Ok(true) => {}
                Ok(false) => return Err(refused(Reason::SignatureMismatch)),
                Err(error) => return Err(error.into()),
            }
        }
        self.record_and_apply(app, payments).await
    }

    /// Stores the event, and lets it take effect unless it is only to be kept.
    pub(super) async fn record_and_apply(&self, app: &'static App, payments: &Payments) -> Result<Effect, Error> {
        let stored = match (self.treatment, &self.event.subject) {
            (Treatment::Apply, Subject::Object(object)) => self.record_with(app, payments, object).await?,
            _ => self.record(app, payments).await?,
        };
        match (stored.state.as_str(), self.treatment, stored.effect) {
            (_, _, Some(effect)) => Ok(effect),
            ("applied", ..) => Ok(Effect::AlreadyProcessed),
            ("ignored", ..) => Ok(Effect::Ignored(stored.reason)),
            // The event is only kept until an operator replays it.
            ("needs_review", Treatment::Review(_), _) => Ok(Effect::NeedsReview(stored.reason)),
            _ => {
                let effect = apply(app, payments, &stored.id, &self.account, &self.event.subject).await;
                if let Err(cause @ (Cause::Provider(_) | Cause::Approval(_))) = &effect {
                    postpone(app, payments, &stored.id, cause).await;
                }
                effect.map_err(unavailable)
            }
        }
    }

    /// Stores the event, and no more.
    ///
    /// # Errors
    /// [`Error::Unavailable`] for one more body of a transmission that has had too many. Nothing is
    /// stored, and PayPal isn't asked.
    async fn record(&self, app: &'static App, payments: &Payments) -> Result<Stored, Error> {
        let (state, reason) = match (self.treatment, &self.event.subject) {
            (Treatment::Review(reason), _) => ("needs_review", Some(reason.as_str())),
            (Treatment::Ignore(reason), _) => ("ignored", Some(reason.as_str())),
            (Treatment::Apply, Subject::Nothing) => ("ignored", Some("unknown-type")),
            (Treatment::Apply, _) => ("received", None),
        };
        let mut params = self.params();
        params.extend(params![state, reason, payments.config.webhook_keep.as_secs() as i64]);
        let row = edge::write_one(app, "webhook_record", params).await?;
        self.stored(payments, &row, row.text("outcome")?)
    }

    /// Stores an event whose own body proves it. If it is new it takes effect in the same
    /// statement.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    async fn record_with(
        &self,
        app: &'static App,
        payments: &Payments,
        object: &ProviderObject,
    ) -> Result<Stored, Error> {
        let mut params = self.params();
        let objects = objects::parameter(vec![object.clone()])?;
        params.extend(params![payments.config.webhook_keep.as_secs() as i64, objects]);
        let row = edge::write_one(app, "webhook_deliver", params).await?;
        let mut stored = self.stored(payments, &row, row.text("stored")?)?;
        if row.text("outcome")?.is_some() {
            stored.effect = Some(told(app, payments, &row)?);
        }
        Ok(stored)
    }

    /// What both functions that store an event are told about it.
    fn params(&self) -> Vec<Param> {
        params![
            self.provider.as_str(),
            &*self.account,
            &*self.event.id,
            &*self.event.kind,
            &*self.fingerprint,
            self.transmission.as_deref(),
            Json(self.evidence.clone()),
            self.body.clone(),
            self.event.occurred_at.map(|moment| moment.to_rfc3339()),
        ]
    }

    /// The event as a row shows it that stored it.
    fn stored(&self, payments: &Payments, row: &Row, outcome: Option<&str>) -> Result<Stored, Error> {
        if RecordOutcome::read(outcome)? == RecordOutcome::TooMany {
            let detail =
                "too many bodies came under this transmission id; the event can be had by a reconciliation".into();
            return Err(Error::Unavailable { detail, retry_after_seconds: TOO_MANY });
        }
        payments.gateway.heard(self.provider, row.int("resting_ms")?);
        let text = |column| row.text(column).map(|text| text.unwrap_or_default().to_owned());
        Ok(Stored { id: text("event")?, state: text("state")?, reason: text("reason")?, effect: None })
    }
}

/// A stored event.
struct Stored {
    id: String,
    state: String,
    reason: String,
    /// What became of it in the statement that stored it; `None` if it isn't applied yet.
    effect: Option<Effect>,
}

/// The answer to the provider.
fn answer(effect: &Effect, event: &str) -> Result<Reply, Error> {
    let (status, reason) = match effect {
        Effect::Processed => ("processed", None),
        Effect::AlreadyProcessed => ("already_processed", None),
        Effect::NeedsReview(reason) => ("needs_review", Some(reason)),
        Effect::Ignored(reason) => ("ignored", Some(reason)),
        Effect::Waiting(reason) => {
            let detail = format!("the event is kept and takes effect when what it needs is there: {reason}");
            return Err(Error::Unavailable { detail, retry_after_seconds: WAITING });
        }
    };
    let mut body = json!({ "status": status, "eventId": event });
    if let Some(reason) = reason.filter(|reason| !reason.is_empty()) {
        body["reason"] = json!(reason);
    }
    Ok(Reply::fresh(200, body.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_that_waits_is_never_answered_200() {
        let status = |effect: &Effect| answer(effect, "WH-1").map(|reply| reply.status).ok();
        assert_eq!(status(&Effect::Processed), Some(200));
        assert_eq!(status(&Effect::NeedsReview("underpaid".into())), Some(200));
        assert_eq!(status(&Effect::Waiting("order-unknown".into())), None);
        let reply = answer(&Effect::NeedsReview("underpaid".into()), "WH-1").expect("an answer");
        let body: serde_json::Value = serde_json::from_slice(reply.body.as_deref().unwrap_or_default()).expect("JSON");
        assert_eq!(body, json!({ "status": "needs_review", "eventId": "WH-1", "reason": "underpaid" }));
    }
}
