//! A page of an organisation's customers.

use commerce::customer::CustomersQuery;
use commerce::error::Error;
use commerce::query::after_wanted;
use edge::{Call, Reply, params};

/// `GET /customers`: the newest first, or by the beginning of their e-mail addresses. Pages aren't
/// kept, since a key would hold what was searched for.
///
/// # Errors
/// [`Error::Forbidden`] for customers. [`Error::Invalid`] for a place that isn't one.
pub async fn list(call: Call<'_>) -> Result<Reply, Error> {
    let query = CustomersQuery::parse(call.query())?;
    call.caller.require_staff("listing customers")?;
    let params = params![call.caller.organization, query.email, query.limit as i32, query.after];
    let rows = edge::query(call.app, "customer_list", params).await?;
    let mut page = rows.into_iter().next().ok_or_else(|| Error::invalid("after", after_wanted()))?;
    Ok(Reply::fresh(200, page.take_text("body")?))
}
