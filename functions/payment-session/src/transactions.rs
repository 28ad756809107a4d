//! The ledger: what moved money or promised it. Its rows never change.

use commerce::error::Error;
use commerce::provider::Provider;
use commerce::time::Moment;
use commerce::transaction::{TransactionKind, TransactionsQuery};
use commerce::views;
use edge::{Call, Reply, params};
use payments::Payments;

/// `GET /transactions/:id`, from Redis or from Postgres.
///
/// # Errors
/// [`Error::Forbidden`] for customers. [`Error::NotFound`].
pub async fn get(call: Call<'_>) -> Result<Reply, Error> {
    let payments = Payments::ready().await?;
    call.no_query()?;
    let id = call.id()?;
    call.caller.require_staff("the ledger")?;
    let organization = call.caller.organization;
    let entry = views::TRANSACTION.entry_of(organization, id);
    let answer = edge::read_while(call.app, entry, payments.config.transaction_ttl, params![organization, id]).await?;
    call.show(answer, "transaction")
}

/// `GET /payments/:id/transactions`: the rows of one payment, the oldest first.
///
/// # Errors
/// [`Error::Forbidden`] for customers. [`Error::NotFound`].
pub async fn of_payment(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    call.no_query()?;
    let payment = call.id()?;
    caller.require_staff("the ledger")?;
    edge::document(app, "transaction_of_payment", params![caller.organization, payment], "payment").await
}

/// `GET /transactions`: a page of the ledger, the newest rows first.
///
/// # Errors
/// [`Error::Forbidden`] for customers.
pub async fn search(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    let query = TransactionsQuery::parse(call.query())?;
    caller.require_staff("the ledger")?;
    let params = params![
        caller.organization,
        query.kind.map(TransactionKind::as_str),
        query.provider.map(Provider::as_str),
        query.from.map(Moment::to_rfc3339),
        query.to.map(Moment::to_rfc3339),
        query.limit as i32,
        query.after.map(|place| place.to_string()),
    ];
    edge::page(app, "transaction_search", params).await
}
