//! Customer service's search.

use commerce::error::Error;
use commerce::query::parse_sought;
use edge::{Call, Reply, params};

/// `GET /orders/search`: orders by whatever a customer says of one, and by which fields each was
/// found. Answers aren't kept, since a key would hold what was searched for.
///
/// # Errors
/// [`Error::Forbidden`] for customers. [`Error::Invalid`] without a text to look for.
pub async fn search(call: Call<'_>) -> Result<Reply, Error> {
    let sought = parse_sought(call.query())?;
    call.caller.require_staff("searching orders")?;
    edge::page(call.app, "order_search", params![call.caller.organization, sought]).await
}
