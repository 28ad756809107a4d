//! Deleting many products.

use commerce::error::Error;
use commerce::order::BulkRead;
use commerce::outcome::{Outcome, ProductBulkDeleteOutcome};
use edge::{Call, Reply, Row, params};
use uuid::Uuid;

/// `POST /products/bulk-delete`: hides many products. Gives `{items}` in the order of the ids, each
/// with its outcome.
///
/// # Errors
/// [`Error::Forbidden`] for customers. A product that isn't there never fails the others.
pub async fn bulk_delete(call: Call<'_>) -> Result<Reply, Error> {
    call.no_query()?;
    let body = call.json().await?;
    let ids = BulkRead::decode(&body)?.ids;
    call.caller.require_staff("changing products")?;
    let params = params![call.caller.organization, ids.iter().map(Uuid::to_string).collect::<Vec<_>>()];
    let rows = edge::write(call.app, "product_bulk_delete", params).await?;
    let items: Result<Vec<String>, Error> = rows.iter().map(item).collect();
    Ok(Reply::json(200, format!("{{\"items\":[{}]}}", items?.join(","))).with("cache-control", "private, no-cache"))
}

/// One product's outcome.
fn item(row: &Row) -> Result<String, Error> {
    let outcome = ProductBulkDeleteOutcome::read(row.text("outcome")?)?.as_str();
    Ok(format!("{{\"id\":\"{}\",\"outcome\":\"{outcome}\"}}", row.text("id")?.unwrap_or_default()))
}
