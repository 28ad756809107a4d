//! A stored event is taken up again: it is proved as a delivery is, since nobody can tell under
//! which settings it was stored.

use commerce::error::Error;
use commerce::gateway::GatewayError;
use commerce::provider::Provider;
use commerce::webhook::event::Event;
use commerce::webhook::{Headers, Reason};
use serde_json::Value;

use edge::{App, Row};
use payments::Payments;

use crate::apply::{Cause, Effect, apply, postpone, settle};
use crate::verify::{asks_back, is_of_test_mode};

/// The mark of an event that came from the provider's own list, in place of a signature's headers.
pub(super) const RECONCILED: &str = "reconciled";

/// Takes up one stored event. If that fails, the event waits, each time longer, with the reason.
///
/// # Errors
/// [`Cause`]: the event waits.
pub(super) async fn resume(app: &'static App, payments: &Payments, row: &Row) -> Result<Effect, Cause> {
    let text = |column| row.text(column).map(|text| text.unwrap_or_default().to_owned()).map_err(Cause::ours);
    let (event, account) = (text("event")?, text("account")?);
    let unknown = || Cause::ours(Error::internal("a stored event is of no provider that is known"));
    let provider = Provider::parse(&text("provider")?).ok_or_else(unknown)?;
    // A connected account of Stripe has no credentials: those of its platform count.
    let payments = payments.account(provider, &account).unwrap_or(payments);
    let body = row.bytes("body").map_err(Cause::ours)?.unwrap_or_default();
    let headers = serde_json::from_str(&text("headers")?).unwrap_or_default();
    let outcome = match Event::read(provider, body) {
        Err(reason) => settle(app, &event, Effect::NeedsReview(reason.as_str().into())).await,
        Ok(read) if provider == Provider::Stripe && is_of_test_mode(&payments.config, read.livemode) => {
            settle(app, &event, Effect::Ignored(Reason::LivemodeMismatch.as_str().into())).await
        }
        Ok(read) => match is_proved(payments, provider, &headers, body).await {
            Ok(true) => apply(app, payments, &event, &account, &read.subject).await,
            Ok(false) => settle(app, &event, Effect::NeedsReview(Reason::SignatureMismatch.as_str().into())).await,
            Err(error) => Err(Cause::Provider(error)),
        },
    };
    if let Err(cause) = &outcome {
        postpone(app, payments, &event, cause).await;
    }
    outcome
}

/// Whether the body may be believed as far as the mode says. In mode `post-back` PayPal is asked by
/// the stored headers: an event stored for review, or in another mode, was never sent back.
async fn is_proved(
    payments: &Payments,
    provider: Provider,
    headers: &Value,
    body: &[u8],
) -> Result<bool, GatewayError> {
    if !asks_back(&payments.config, provider) || headers.get(RECONCILED).is_some() {
        return Ok(true);
    }
    let pairs = headers.as_object().into_iter().flatten();
    let pairs = pairs.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?.as_bytes())));
    payments.gateway.post_back(&Headers::new(pairs), body).await
}
