//! A provider's answer takes effect at once, as its event would.

use commerce::error::Error;
use commerce::provider::Provider;
use commerce::webhook::event::ProviderObject;

use edge::{App, params};
use payments::objects;

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
    let params = params![provider.as_str(), account, source, kind, objects::parameter(objects)?];
    let row = edge::write_one(app, "payment_observed", params).await?;
    Ok(row.text("payment_status")?.map(str::to_owned))
}
