//! The report of differences: our state of payments against their providers' objects, in bounded
//! steps. It changes nothing.

use commerce::differences::{DifferencesQuery, OurPayment};
use commerce::error::Error;
use commerce::gateway::GatewayError;
use commerce::provider::Provider;
use commerce::query::Place;
use commerce::time::Moment;
use edge::clock::monotonic_millis;
use edge::{Call, Reply, params};
use payments::Payments;
use payments::needs::for_calls;
use payments::pace::Pace;
use serde_json::{Value, json};

/// How long a step goes on to begin another payment, in milliseconds.
const PATIENCE_MS: u64 = 20_000;

/// `GET /payments/differences`: compares the payments of a period, the newest first, until the
/// limit or the time is reached, and says where the next step goes on.
///
/// # Errors
/// [`Error::Forbidden`] for customers. [`Error::Unavailable`] if a provider is away before anything
/// was compared.
pub async fn differences(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    let query = DifferencesQuery::parse(call.query())?;
    caller.require_staff("the report of differences")?;
    let payments = Payments::ready().await?;
    let params = params![
        caller.organization,
        query.provider.map(Provider::as_str),
        query.from.map(Moment::to_rfc3339),
        query.to.map(Moment::to_rfc3339),
        query.limit as i32,
        query.after.map(|place| place.to_string()),
    ];
    let row = edge::one(edge::query(app, "payment_differences", params).await?)?;
    let mut page: Value = serde_json::from_str(row.text("body")?.unwrap_or_default())
        .map_err(|_| Error::internal("payment_differences gave no JSON"))?;
    let items = match page["items"].take() {
        Value::Array(items) => items,
        _ => Vec::new(),
    };
    let (began, pace) = (monotonic_millis(), Pace::of(&payments.config));
    let (mut compared, mut found, mut unread, mut last) = (0_u32, Vec::new(), Vec::new(), None::<Place>);
    for item in items {
        if monotonic_millis().saturating_sub(began) >= PATIENCE_MS {
            page["next"] = last.map(|place| place.to_string()).into();
            break;
        }
        let Some(ours) = OurPayment::read(item) else {
            return Err(Error::internal("payment_differences gave no payment"));
        };
        match theirs(payments, &pace, &ours).await {
            Ok(objects) => {
                compared += 1;
                found.extend(ours.differences(&objects));
            }
            Err(Unread::Because(reason)) => {
                unread.push(json!({ "paymentId": ours.id, "provider": ours.provider.as_str(), "reason": reason }));
            }
            // All others would find it away, too.
            Err(Unread::Away(error)) if last.is_none() => return Err(error.into()),
            Err(Unread::Away(_)) => {
                page["next"] = last.map(|place| place.to_string()).into();
                break;
            }
        }
        last = Some(ours.place);
    }
    let body = json!({ "compared": compared, "differences": found, "unread": unread, "next": page["next"] });
    Ok(Reply::fresh(200, body.to_string()))
}

/// Why a provider's side isn't there.
enum Unread {
    /// The provider is away; later it may be there.
    Away(GatewayError),
    /// It can't be read, for this reason.
    Because(String),
}

/// The provider's objects of a payment.
async fn theirs(
    payments: &'static Payments,
    pace: &Pace,
    ours: &OurPayment,
) -> Result<Vec<commerce::webhook::event::ProviderObject>, Unread> {
    let known = payments.account(ours.provider, &ours.account);
    if let Err(error) = for_calls(&known.unwrap_or(payments).config, ours.provider) {
        return Err(Unread::Because(match error {
            GatewayError::Unconfigured { variable } => format!("{variable} is not set"),
            _ => "the provider isn't configured".to_owned(),
        }));
    }
    let Some(account) = known else {
        return Err(Unread::Because("there are no credentials for its account".to_owned()));
    };
    pace.wait().await;
    match account.gateway.read_payment(ours.provider, &ours.external_id).await {
        Ok(objects) => Ok(objects),
        // It knows no such payment: that is a difference.
        Err(GatewayError::NotYet) => Ok(Vec::new()),
        Err(error) if error.retry_helps() => Err(Unread::Away(error)),
        Err(GatewayError::Refused { reason, .. }) => Err(Unread::Because(reason)),
        Err(_) => Err(Unread::Because("the answer can't be read".to_owned())),
    }
}
