//! A delivery of a provider, from the raw bytes to the answer.
//!
//! Verified, claimed in Redis, stored, made sure of, applied, answered: whatever isn't durable is
//! never answered 2xx, since then the provider comes again. A duplicate of what has taken effect
//! costs one round trip to Redis; a first delivery two statements.

use commerce::error::Error;
use commerce::hex;
use commerce::outcome::{Outcome, RecordOutcome};
use commerce::provider::Provider;
use commerce::query::parse_none;
use commerce::webhook::event::{Event, Subject};
use commerce::webhook::{Headers, Reason, keys};
use serde_json::json;
use sha2::{Digest, Sha256};

use edge::route::whole_body;
use edge::state::Claim;
use edge::{App, Json, Open, Reply, params};
use payments::Payments;
use payments::config::PayPalMode;

use crate::Deliveries;
use crate::apply::{Cause, Effect, apply, postponed, unavailable};
use crate::verify::{Standing, evidence, refused, right_mode, verified};

/// When to come again with an event that is in work elsewhere, in seconds.
const IN_WORK: u32 = 1;
/// When to come again with an event that waits for its order or its payment, in seconds.
const WAITING: u32 = 10;
/// When to come again with one more body of a transmission that has had too many, in seconds.
const TOO_MANY: u32 = 3600;

/// `POST /webhooks/paypal` and `POST /webhooks/stripe`: takes one delivery in.
///
/// # Errors
/// [`Error::Refused`] for what doesn't verify; [`Error::Unavailable`] for what is to be delivered
/// again.
pub async fn deliver(Open { request }: Open<'_>, provider: Provider) -> Result<Reply, Error> {
    parse_none(request.query.as_deref())?;
    let app = App::ready().await?;
    let payments = Payments::ready().await?;
    let deliveries = Deliveries::here();
    let body = whole_body(request).await?;
    let headers = Headers::new(request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
    let verified = verified(provider, app, payments, deliveries, &headers, &body).await?;
    let told = Event::read(provider, &body).map_err(refused)?;
    if provider == Provider::Stripe {
        right_mode(&payments.config, told.livemode)?;
    }
    let delivery = Delivery {
        provider,
        account: account(payments, provider, &told),
        sha256: hex::encode(&Sha256::digest(&body)),
        transmission: verified.transmission,
        evidence: evidence(provider, &headers).to_string(),
        standing: match (verified.standing, &told.subject) {
            (Standing::Effective, Subject::Unreadable) => Standing::Review(Reason::EventMalformed),
            (standing, _) => standing,
        },
        body,
        told,
    };
    let key =
        keys::claim(provider, &delivery.account, delivery.told.transaction(), &delivery.told.id, &delivery.sha256);
    let permit = match deliveries.claims.claim(&app.state, &key).await {
        Claim::Won(permit) => permit,
        Claim::Applied => return answer(&Effect::AlreadyProcessed, &delivery.told.id),
        Claim::Elsewhere => {
            let detail = "another delivery of this event is in work".to_owned();
            return Err(Error::Unavailable { detail, retry_after_seconds: IN_WORK });
        }
    };
    let work = delivery.work(app, payments, &headers);
    let outcome = deliveries.claims.working(&app.state, &key, &permit, work).await;
    let applied = matches!(outcome, Ok(Effect::Processed | Effect::AlreadyProcessed));
    deliveries.claims.finish(&app.state, &key, permit, applied.then_some(payments.config.webhook_ttl)).await;
    answer(&outcome?, &delivery.told.id)
}

/// The account whose event it is: ours, or the connected one that Stripe names.
pub(super) fn account(payments: &Payments, provider: Provider, told: &Event) -> String {
    match provider {
        Provider::PayPal => payments.config.paypal.account.clone(),
        Provider::Stripe => told.account.clone().unwrap_or_else(|| payments.config.stripe.account.clone()),
    }
}

/// A delivery that verifies.
pub(super) struct Delivery {
    pub(super) provider: Provider,
    pub(super) account: String,
    pub(super) sha256: String,
    pub(super) transmission: Option<String>,
    /// JSON of the headers that the signature stands in.
    pub(super) evidence: String,
    pub(super) standing: Standing,
    pub(super) body: Vec<u8>,
    pub(super) told: Event,
}

impl Delivery {
    async fn work(&self, app: &'static App, payments: &Payments, headers: &Headers<'_>) -> Result<Effect, Error> {
        let asks_back = self.provider == Provider::PayPal && payments.config.paypal.mode == PayPalMode::PostBack;
        if asks_back && self.standing == Standing::Effective {
            // The simulator's events are unknown there, and what is too old waits for an operator
            // anyway.
            match payments.gateway.post_back(headers, &self.body).await {
                Ok(true) => {}
                Ok(false) => return Err(refused(Reason::SignatureMismatch)),
                Err(error) => return Err(error.into()),
            }
        }
        self.record_and_apply(app, payments).await
    }

    /// Stores the event and lets it take effect, unless it is to be kept only.
    pub(super) async fn record_and_apply(&self, app: &'static App, payments: &Payments) -> Result<Effect, Error> {
        let (event, state, reason) = self.record(app, payments).await?;
        match (state.as_str(), self.standing) {
            ("applied", _) => Ok(Effect::AlreadyProcessed),
            ("ignored", _) => Ok(Effect::Ignored(reason)),
            // Only kept until an operator says "again".
            ("needs_review", Standing::Review(_)) => Ok(Effect::NeedsReview(reason)),
            _ => {
                let effect = apply(app, payments, &event, &self.told.subject).await;
                if let Err(cause @ Cause::Provider(_)) = &effect {
                    postponed(app, &event, cause).await;
                }
                effect.map_err(unavailable)
            }
        }
    }

    /// The stored event's id, state and reason.
    ///
    /// # Errors
    /// [`Error::Unavailable`] for one more body of a transmission that has had too many: nothing is
    /// stored, and PayPal isn't asked.
    async fn record(&self, app: &'static App, payments: &Payments) -> Result<(String, String, String), Error> {
        let (state, reason) = match (self.standing, &self.told.subject) {
            (Standing::Review(reason), _) => ("needs_review", Some(reason.as_str())),
            (Standing::Ignored(reason), _) => ("ignored", Some(reason.as_str())),
            (Standing::Effective, Subject::Nothing) => ("ignored", Some("unknown-type")),
            (Standing::Effective, _) => ("received", None),
        };
        let params = params![
            self.provider.as_str(),
            &*self.account,
            &*self.told.id,
            &*self.told.kind,
            &*self.sha256,
            self.transmission.as_deref(),
            Json(self.evidence.clone()),
            self.body.clone(),
            self.told.occurred_at.map(|moment| moment.to_rfc3339()),
            state,
            reason,
            payments.config.webhook_keep.as_secs() as i64,
        ];
        let row = edge::write_one(app, "webhook_record", params).await?;
        if RecordOutcome::read(row.text("outcome")?)? == RecordOutcome::TooMany {
            let detail =
                "too many bodies came under this transmission id; the event can be had by a reconciliation".into();
            return Err(Error::Unavailable { detail, retry_after_seconds: TOO_MANY });
        }
        let text = |column| row.text(column).map(|text| text.unwrap_or_default().to_owned());
        Ok((text("event")?, text("state")?, text("reason")?))
    }
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
    fn what_is_not_done_is_never_answered_200() {
        let status = |effect: &Effect| answer(effect, "WH-1").map(|reply| reply.status).ok();
        assert_eq!(status(&Effect::Processed), Some(200));
        assert_eq!(status(&Effect::NeedsReview("underpaid".into())), Some(200));
        assert_eq!(status(&Effect::Waiting("order-unknown".into())), None);
        let reply = answer(&Effect::NeedsReview("underpaid".into()), "WH-1").expect("an answer");
        let body: serde_json::Value = serde_json::from_slice(reply.body.as_deref().unwrap_or_default()).expect("JSON");
        assert_eq!(body, json!({ "status": "needs_review", "eventId": "WH-1", "reason": "underpaid" }));
    }
}
