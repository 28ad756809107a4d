//! The ledger: what moved money or promised it. Its rows never change.
//!
//! An export is one body of many pages. It ends where no transaction of the database can still
//! commit, so the next one misses nothing and repeats nothing.

use commerce::error::Error;
use commerce::outcome::{ExportOutcome, Outcome};
use commerce::provider::Provider;
use commerce::time::Moment;
use commerce::transaction::{ExportFormat, ExportQuery, TransactionKind, TransactionsQuery};
use commerce::views;
use edge::stream::{Parts, Sink};
use edge::{App, Call, Reply, params};
use payments::Payments;
use uuid::Uuid;

/// How many rows one statement of an export reads.
const PAGE: i32 = 10_000;

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
    let answer = edge::read_while(call, entry, payments.config.transaction_ttl, params![organization, id]).await?;
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

/// `GET /transactions/export`: the ledger since the last export, the oldest rows first, as a body
/// that is made while it is sent.
///
/// # Errors
/// [`Error::Forbidden`] for customers. [`Error::Conflict`] if the database isn't the one any more
/// that the last export was of, or has to be renumbered first.
pub async fn export(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    let ExportQuery { format, after } = ExportQuery::parse(call.query())?;
    caller.require_staff("the ledger")?;
    let organization = caller.organization;
    let mut row = edge::one(edge::query(app, "transaction_export_begin", params![organization, after]).await?)?;
    match ExportOutcome::read(row.text("outcome")?)? {
        ExportOutcome::Begun => {}
        ExportOutcome::AnotherHistory => {
            let detail = "the database was restored or replaced since that export: begin anew, without after";
            return Err(Error::conflict(detail, Some("another_history")));
        }
        ExportOutcome::Renumber => {
            let detail = "the database was restored into another cluster: call transaction_renumber() first";
            return Err(Error::conflict(detail, Some("renumber")));
        }
    }
    let (from, until) = (row.take_text("from_xid")?, row.take_text("until_xid")?);
    let stretch = Stretch { organization, format, from, until, next: row.take_text("next")? };
    let disposition = format!("attachment; filename=\"transactions.{}\"", format.as_str());
    let parts = Parts::new(move |sink| send(app, stretch, sink));
    Ok(Reply::in_parts(format.content_type(), parts).with("content-disposition", disposition))
}

/// A part of the ledger, on its way out.
struct Stretch {
    organization: Uuid,
    format: ExportFormat,
    /// The first transaction in it, and the first behind it.
    from: String,
    until: String,
    /// The place where the next export begins.
    next: String,
}

/// Sends a stretch page by page, and at last the line that says that it is whole. A reader that has
/// gone ends it.
async fn send(app: &'static App, stretch: Stretch, mut sink: Sink) -> Result<(), Error> {
    let Stretch { organization, format, from, until, next } = &stretch;
    let (mut rows, mut last) = (0_u64, (None::<String>, None::<Uuid>));
    if !format.head().is_empty() && sink.send(format.head().into()).await.is_err() {
        return Ok(());
    }
    loop {
        let (last_xid, last_id) = last;
        let params = params![*organization, format.as_str(), &**from, &**until, last_xid, last_id, PAGE];
        let mut row = edge::one(edge::query(app, "transaction_export_page", params).await?)?;
        let count = row.int("rows")?.unwrap_or_default();
        if count == 0 {
            break;
        }
        rows += count.unsigned_abs();
        last = (row.text("last_xid")?.map(str::to_owned), row.text("last_id")?.and_then(|id| Uuid::try_parse(id).ok()));
        if sink.send(row.take_text("body")?.into_bytes()).await.is_err() {
            return Ok(());
        }
        if count < i64::from(PAGE) {
            break;
        }
    }
    let _ = sink.send(format.end(rows, next).into_bytes()).await;
    Ok(())
}
