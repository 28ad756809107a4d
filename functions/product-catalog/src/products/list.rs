//! A page of an organisation's products.

use commerce::catalogue::{ProductStatus, ProductsQuery};
use commerce::error::Error;
use commerce::views;
use edge::{Call, Reply, params};

/// `GET /products`.
///
/// # Errors
/// [`Error::Invalid`] that names each parameter which is wrong.
pub async fn list(call: Call<'_>) -> Result<Reply, Error> {
    let query = ProductsQuery::parse(call.query())?;
    let organization = call.caller.organization;
    let params = params![
        organization,
        query.search.as_deref(),
        query.schema,
        query.status.map(|status| status == ProductStatus::Active),
        query.sort.as_str(),
        query.direction.as_str(),
        query.page.limit(),
        query.page.offset(),
        query.after.as_ref().map(|after| after.value.as_str()),
        query.after.as_ref().map(|after| after.id),
    ];
    let entry = views::PRODUCTS_LIST.entry_of_products(organization, &query);
    let answer = edge::read(call, entry, params).await?;
    Ok(answer.ok_or_else(|| Error::internal("product_list gave no row"))?.into_reply(call.request))
}
