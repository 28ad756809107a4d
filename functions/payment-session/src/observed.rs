//! A provider's answer takes effect at once, as its event would.

use commerce::error::Error;
use commerce::provider::Provider;
use commerce::webhook::event::ProviderObject;

use edge::{App, Json, params};

/// Folds `provider`'s objects of `account` into the order that they belong to. `source` names the
/// request that the provider answered. The same answer again changes nothing, and neither does the
/// later event. Gives the order's payment status, if it is known.
///
/// # Errors
/// The error that Postgres gave; nothing has changed, and the provider's event does it later.
pub async fn apply(
    app: &'static App,
    provider: Provider,
    account: &str,
    source: &str,
    kind: &str,
    objects: Vec<ProviderObject>,
) -> Result<Option<String>, Error> {
    let objects: Vec<ProviderObject> = objects.into_iter().map(ProviderObject::printable).collect();
    let objects = serde_json::to_string(&objects).map_err(|error| Error::internal(error.to_string()))?;
    let params = params![provider.as_str(), account, source, kind, Json(objects)];
    let row = edge::write_one(app, "payment_observed", params).await?;
    Ok(row.text("payment_status")?.map(str::to_owned))
}
